/* base/log_file: a file a day, the oldest removed, nothing else touched. */
#include "base/log_file.h"

#include "base/clock.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static const int64_t day_us = INT64_C(24) * 60 * 60 * 1000000;
static char folder[] = "/tmp/test_log_file_XXXXXX";

static const char *path_of(const char *name)
{
    static char path[256];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static const char *dated(int64_t now_us)
{
    char name[64];
    time_t seconds = (time_t)(now_us / 1000000);
    struct tm utc;

    gmtime_r(&seconds, &utc);
    strftime(name, sizeof(name), "log_%Y_%m_%d.log", &utc);
    return path_of(name);
}

static void touch(const char *name)
{
    FILE *file = fopen(path_of(name), "w");

    assert_non_null(file);
    fclose(file);
}

static void assert_holds(const char *path, const char *text)
{
    char bytes[256] = "";
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    size_t n = fread(bytes, 1, sizeof(bytes) - 1, file);
    fclose(file);
    bytes[n] = '\0';
    assert_string_equal(bytes, text);
}

/* No news. */
static void put(const char *line, int64_t now_us)
{
    struct err err;

    assert_true(log_files_write(str_of(line), now_us, &err));
}

static void a_date_in_a_folder_is_refused(void **state)
{
    struct err err;

    (void)state;
    assert_false(log_files_start("/tmp/%Y/log", 1, &err));
    assert_non_null(strstr(err.text, "--log-file"));
    put("nowhere\n", 0);
}

static void a_folder_that_can_not_be_made_is_refused(void **state)
{
    struct err err;

    (void)state;
    assert_false(log_files_start("/proc/nowhere/log_%Y.log", 1, &err));
    assert_non_null(strstr(err.text, "/proc/nowhere/log_"));
    put("nowhere\n", 0);
}

static void its_folders_are_made(void **state)
{
    static char pattern[256];
    struct err err;

    (void)state;
    snprintf(pattern, sizeof(pattern), "%s/deep/er/log_%%Y.log", folder);
    assert_true(log_files_start(pattern, 0, &err));
    assert_int_equal(access(path_of("deep/er"), F_OK), 0);
}

static void each_day_has_its_file(void **state)
{
    char pattern[256];
    struct err err;
    int64_t now_us = clock_wall_us();

    (void)state;
    snprintf(pattern, sizeof(pattern), "%s/log_%%Y_%%m_%%d.log", folder);
    touch("log_2001_01_01.log");
    touch("log_2001_01_02.log");
    touch("log_2001_13_01.log");
    touch("other.log");
    assert_true(log_files_start(pattern, 2, &err));
    assert_int_not_equal(access(path_of("log_2001_01_01.log"), F_OK), 0);
    assert_int_equal(access(path_of("log_2001_01_02.log"), F_OK), 0);

    put("one\n", now_us);
    put("two\n", now_us + day_us);
    put("late\n", now_us);
    assert_holds(dated(now_us), "one\n");
    assert_holds(dated(now_us + day_us), "two\nlate\n");
    assert_int_not_equal(access(path_of("log_2001_01_02.log"), F_OK), 0);
    put("three\n", now_us + 3 * day_us);
    assert_int_not_equal(access(dated(now_us), F_OK), 0);
    assert_holds(dated(now_us + 3 * day_us), "three\n");
    assert_int_equal(access(path_of("log_2001_13_01.log"), F_OK), 0);
    assert_int_equal(access(path_of("other.log"), F_OK), 0);
}

static void allow_bytes(rlim_t most)
{
    struct rlimit limit;

    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = most;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A limit of the file's size stands for the disk's: it lets half a line through, as a disk does. */
static void a_full_disk_is_told_and_its_lines_are_counted(void **state)
{
    const char *path = path_of("full.log");
    int64_t now_us = clock_wall_us();
    struct err err;

    (void)state;
    assert_true(log_files_start(path, 0, &err));
    put("one\n", now_us);
    signal(SIGXFSZ, SIG_IGN);
    allow_bytes(6);
    assert_false(log_files_write(STR("two\n"), now_us, &err));
    assert_non_null(strstr(err.text, "takes no lines"));
    put("three\n", now_us);
    allow_bytes(RLIM_INFINITY);
    assert_holds(path, "one\n");
    assert_false(log_files_write(STR("four\n"), now_us, &err));
    assert_non_null(strstr(err.text, "2 are missing"));
    put("five\n", now_us);
    assert_holds(path, "one\nfour\nfive\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_date_in_a_folder_is_refused),
        cmocka_unit_test(a_folder_that_can_not_be_made_is_refused),
        cmocka_unit_test(its_folders_are_made),
        cmocka_unit_test(each_day_has_its_file),
        cmocka_unit_test(a_full_disk_is_told_and_its_lines_are_counted),
    };

    assert_non_null(mkdtemp(folder));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char command[300];
    snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command) != 0 || failed;
}
