/* base/disk: room for mapped files. */
#include "base/disk.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { BYTES = 16 * 1024 };

static void test_a_reserved_file_has_its_place(void **state)
{
    char folder[] = "/tmp/sluice-disk-XXXXXX", path[64];
    struct err err = {0};
    struct stat about;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/file", folder);
    assert_true(disk_reserve(folder, "file", BYTES, &err));
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_size, BYTES);
    assert_true(about.st_blocks * 512 >= BYTES);
    assert_true(disk_reserve(folder, "file", BYTES / 2, &err)); /* what is there stays */
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_size, BYTES);
    assert_false(disk_is_full(folder));
    assert_true(disk_free_bytes(folder) > 0);
    unlink(path);
    rmdir(folder);
}

static void test_what_can_not_be_made_is_named(void **state)
{
    struct err err = {0};

    (void)state;
    assert_false(disk_reserve("/proc/no-such-folder", "file", BYTES, &err));
    assert_int_equal(err.kind, ERR_STOP);
    assert_int_equal(err.exit_status, EX_CANTCREAT);
    assert_string_equal(err.text, "/proc/no-such-folder/file: No such file or directory");
    assert_true(disk_free_bytes("/proc/no-such-folder") == INT64_MAX);
    assert_true(disk_free_bytes("/proc") == INT64_MAX);
}

static void test_folders_on_the_way_are_made(void **state)
{
    char folder[] = "/tmp/test_base_disk.XXXXXX", path[128];
    struct stat about;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/a//b/file", folder);
    disk_make_folders(path);
    assert_int_not_equal(stat(path, &about), 0); /* the last name is the file's */
    snprintf(path, sizeof(path), "%s/a/b", folder);
    assert_int_equal(stat(path, &about), 0);
    assert_true(S_ISDIR(about.st_mode));
    disk_make_folders("/proc/none/file");
    disk_make_folders("");
    rmdir(path);
    snprintf(path, sizeof(path), "%s/a", folder);
    rmdir(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_reserved_file_has_its_place),
        cmocka_unit_test(test_what_can_not_be_made_is_named),
        cmocka_unit_test(test_folders_on_the_way_are_made),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
