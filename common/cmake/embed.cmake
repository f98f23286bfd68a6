# Turns the text file IN into the C header OUT, which holds it as `static const char SYMBOL[]`.
file(READ "${IN}" hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
file(WRITE "${OUT}" "static const char ${SYMBOL}[] = {\n${bytes}0x00};\n")
