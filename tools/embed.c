/* SPDX-License-Identifier: Apache-2.0 */
/*
 * embed.c - files as C: the RTL's sources travel inside the library.
 *
 * Usage     embed OUTPUT ROOT FILE...   the name in the table is relative to ROOT; a file from
 *                                       elsewhere goes by tb/ and its last name
 * Output    dvti_rtl_sources[], as src/rtl/rtl_int.h declares it, ascending by name as given.
 * Built first, for the library needs what it writes; it uses nothing of the library.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int put_file(FILE *out, const char *path, size_t number)
{
    FILE *in = fopen(path, "rb");
    int   c, column = 0;

    if (!in) {
        perror(path);
        return 1;
    }
    fprintf(out, "static const unsigned char text%zu[] = {", number);
    while ((c = fgetc(in)) != EOF) {
        fprintf(out, "%s%d,", column++ % 24 == 0 ? "\n" : "", c);
    }
    fprintf(out, "0};\n");
    return fclose(in);
}

int main(int argc, char **argv)
{
    FILE  *out = argc >= 3 ? fopen(argv[1], "wb") : NULL;
    size_t root = argc >= 3 ? strlen(argv[2]) : 0;
    int    failed = 0;

    if (!out) {
        fprintf(stderr, "usage: embed OUTPUT ROOT FILE...\n");
        return 2;
    }
    fprintf(out, "/* made by tools/embed.c */\n#include \"rtl/rtl_int.h\"\n");
    for (int i = 3; i < argc; i++) {
        failed |= put_file(out, argv[i], (size_t)i);
    }
    fprintf(out, "const dvti_rtl_source dvti_rtl_sources[] = {\n");
    for (int i = 3; i < argc; i++) {
        bool        below = strncmp(argv[i], argv[2], root) == 0;
        const char *last = strrchr(argv[i], '/');
        fprintf(out, "    {\"%s%s\", (const char *)text%d, sizeof text%d - 1},\n",
                below ? "" : "tb/",
                below  ? argv[i] + root + 1
                : last ? last + 1
                       : argv[i],
                i, i);
    }
    fprintf(out, "};\nconst size_t dvti_rtl_source_count = %d;\n", argc - 3);
    failed |= ferror(out);
    failed |= fclose(out);
    return failed ? 1 : 0;
}
