/* base/failpoint: the process dies at the pass that was named, and says so. */
#include "base/failpoint.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Runs three passes of "a.b" in a child; returns wait's status and what it wrote to stderr. */
static int run_child(const char *armed, char *text, size_t text_bytes)
{
    int ends[2], status = 0;
    size_t length = 0;

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        setenv("SLUICE_FAILPOINT", armed, 1);
        for (int i = 0; i < 3; i++) {
            failpoint("a.b");
            if (write(ends[1], ".", 1) != 1)
                _exit(1);
        }
        _exit(failpoint_on("a.defect") ? 7 : 0);
    }
    close(ends[1]);
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    if (WIFSTOPPED(status))
        kill(child, SIGKILL);
    for (ssize_t n; (n = read(ends[0], text + length, text_bytes - 1 - length)) > 0;)
        length += (size_t)n;
    text[length] = '\0';
    close(ends[0]);
    return status;
}

static void it_dies_where_it_was_told(void **state)
{
    char text[256];
    int status = 0;

    (void)state;
#ifdef SLUICE_FAILPOINTS
    status = run_child("x.y:kill,a.b:kill@3", text, sizeof(text));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_string_equal(text, "..level=warn msg=failpoint name=a.b action=kill\n");
    status = run_child("a.b:stop", text, sizeof(text));
    assert_true(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    status = run_child("a.defect:on", text, sizeof(text));
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    assert_string_equal(text, "...");
#endif
    status = run_child("", text, sizeof(text));
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    status = run_child("a.bc:kill,a:kill", text, sizeof(text));
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_dies_where_it_was_told)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
