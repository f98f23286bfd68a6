/* gzip and zip: any bytes end, with an error or without. */

#include "bytes.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char out[4096];
    struct err err;
    size_t n = 1, total = 0;
    int fd = memfd_create("fuzz", 0);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
        abort();
    struct bytes *bytes = bytes_open(fd);
    while (n > 0 && total < (1 << 24) && bytes_read(bytes, out, sizeof(out), &n, &err))
        total += n;
    bytes_close(bytes);
    close(fd);
    return 0;
}
