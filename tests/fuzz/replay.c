/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.c - runs a fuzz target over files without libFuzzer, so that the corpus is a test.
 *
 * Usage     fuzz_<target> FILE|FOLDER...   each file is given once to LLVMFuzzerTestOneInput, from
 *           a heap block of exactly its size, so that AddressSanitizer sees a read past the end.
 * Output    TAP: one case a file, in name order. A crash leaves the name of the file as the last
 *           line "# FILE"; tests/run then reports the missing cases.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int case_count;

static void replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    long size = -1;

    printf("# %s\n", path);
    fflush(stdout);
    if (file && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0) {
        rewind(file);
        data = malloc(size ? (size_t)size : 1);
    }
    if (data && fread(data, 1, (size_t)size, file) == (size_t)size) {
        LLVMFuzzerTestOneInput(data, (size_t)size);
        printf("ok %d - %s\n", ++case_count, path);
    } else {
        printf("not ok %d - %s cannot be read\n", ++case_count, path);
    }
    free(data);
    if (file) {
        fclose(file);
    }
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void replay_folder(const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, visible, alphasort);
    char path[4096];

    if (count < 0) { /* not a folder */
        replay_file(folder);
        return;
    }
    for (int i = 0; i < count; i++) {
        int n = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);

        if (n > 0 && n < (int)sizeof path) {
            replay_file(path);
        }
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE|FOLDER...\n", argv[0]);
        return 2;
    }
    for (int i = 1; i < argc; i++) {
        replay_folder(argv[i]);
    }
    printf("1..%d\n", case_count);
    return 0;
}
