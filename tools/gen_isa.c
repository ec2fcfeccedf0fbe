/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gen_isa.c - prints docs/isa.md: the long word, each part bit by bit, and what each part means.
 *
 * Fields come from the table in isa.h. What a part does is told here in words and loops; a kernel
 * without such a text does not compile, because its DOC_ macro is missing. How values are computed
 * and rounded is in docs/numerics-overlay.md.
 */
#include "dovetail/isa.h"

#include <stdio.h>

#define DOC_FREAD                                                                                 \
    "```\n"                                                                                       \
    "for i2 in 0..n[2]-1, i1 in 0..n[1]-1, i0 in 0..n[0]-1:\n"                                    \
    "    stream[dst + i1*dst_step[0] + i2*dst_step[1] + i0] =\n"                                  \
    "        memory[src + i1*src_step[0] + i2*src_step[1] + i0]\n"                                \
    "```\n"
#define DOC_WREAD                                                                                 \
    "A page is `words * lanes` filter words, word-major: all lanes of word 0, then of word 1.\n"  \
    "```\n"                                                                                       \
    "for i2 in 0..n[2]-1, i1 in 0..n[1]-1, i0 in 0..n[0]-1:\n"                                    \
    "    deliver the page at src + i0*step[0] + i1*step[1] + i2*step[2]\n"                        \
    "for g in 0..param_groups-1: deliver param_rows rows from param_src + g*param_rows\n"         \
    "```\n"                                                                                       \
    "A parameter row is 16 bytes: scale, bias, slope, 0 as binary32. With `words` 0 there are\n"  \
    "parameters only.\n"
#define DOC_SREAD                                                                                 \
    "Each turn of the nest delivers one block to each of the `p_vec` x `q_vec` lanes. With i_l\n" \
    "the counter of level l (level 0 innermost, `n[l]` times):\n"                                 \
    "```\n"                                                                                       \
    "address(p,q) = base + sum i_l*a[l] + p*pa + q*qa\n"                                          \
    "row(p)       = h0 + sum i_l*h[l] + p*ph\n"                                                   \
    "column(q)    = w0 + sum i_l*w[l] + q*qw\n"                                                   \
    "```\n"                                                                                       \
    "Outside of [0,h_max) x [0,w_max) the block is zero, is marked invalid, and nothing is read.\n"
#define DOC_ARRAY                                                                                 \
    "The same nest as the stream reader's. A turn multiplies the lanes' blocks with filter word\n" \
    "`fbase + sum i_l*f[l]` of the current page, in each of `k_vec` lanes, and accumulates.\n"    \
    "Levels below `acc` belong to one result: it leaves when they have all wrapped. A new page\n" \
    "is taken before the first turn and whenever a level >= `page` advances.\n"
#define DOC_XBAR                                                                                  \
    "Results come from `source` and pass the kernels of `route` in order; 0 ends the list. An\n"  \
    "entry is a kernel's place in the table above.\n"
#define DOC_SCALE                                                                                 \
    "`y = x * scale[lane] + bias[lane]`, two roundings, with the current parameter group. The\n"  \
    "first group is taken before the first result, the next one after every `outer` results.\n"
#define DOC_ACT "The function `fn`; its parameters are `p0` and `p1`, or the lane's slope.\n"
#define DOC_POOL                                                                                  \
    "`count` turns of the stream reader make one window and give one result.\n"
#define DOC_ELT                                                                                   \
    "The second operand of lane (p,q), block j of a result is read from the stream buffer at\n"   \
    "`base + sum i_l*a[l] + p*pa + q*qa + j*ja`, i_l being the counters of the result order. Lanes\n" \
    "that the writer drops are not read.\n"
#define DOC_DEPTHWISE                                                                             \
    "`count` turns of the stream reader make one window; turn t uses filter word t of the current\n" \
    "page. The first page is taken before the first result, the next after every `outer` results.\n"
#define DOC_LRN                                                                                   \
    "The stream reader delivers all `blocks` channel blocks of a pixel group, ascending, then\n"  \
    "those of the next.\n"
#define DOC_WRITE                                                                                 \
    "Results are counted by a nest of their own, level 0 innermost:\n"                            \
    "```\n"                                                                                       \
    "address(p,q,j) = base + sum i_l*d[l] + p*pd + q*qd + j*jd\n"                                 \
    "row(p)         = sum i_l*h[l] + p,   column(q) = sum i_l*w[l] + q\n"                         \
    "```\n"                                                                                       \
    "Written are lanes with row < `h_max` and column < `w_max`. In the last turn of level\n"      \
    "`k_level` only the first `k_last` values count: the others are written as zero, and blocks\n" \
    "that hold none of them are not written.\n"

static const char *const semantics[DVT_KERNEL_COUNT] = {
#define DVT_X(name, text, help) [DVT_KERNEL_##name] = DOC_##name,
    DVT_KERNEL_LIST(DVT_X)
#undef DVT_X
};

static const char page_head[] =
    "<!-- Generated by tools/gen_isa.c; do not edit: run 'make docs'. -->\n"
    "# The overlay's long words\n"
    "\n"
    "A program is a list of long words, one per subgraph: one trip of data from external memory "
    "or\n"
    "the stream buffer, through the array or past it, through auxiliary kernels, and back. A long\n"
    "word holds one part for each kernel that takes part; a kernel only counts, for every bound,\n"
    "stride and address was computed by the compiler. Words take effect one after the other.\n"
    "How values are computed and rounded is in [numerics-overlay.md](numerics-overlay.md).\n"
    "\n"
    "## Encoding\n"
    "\n"
    "```\n"
    "byte  0        ISA version\n"
    "bytes 1..2     tag: number of the subgraph, for traces\n"
    "bytes 3..4     kernel mask: bit k set, kernel k takes part\n"
    "byte  5        zero\n"
    "bytes 6..7     CRC-16 of the word: polynomial 0x1021, from 0xffff, highest bit first,\n"
    "               these bytes as 0; a word that was damaged does not start\n"
    "bytes 8..      the parts of these kernels, ascending\n"
    "```\n"
    "All numbers are little-endian. The fields of a part lie one behind the other from bit 0 on; "
    "a\n"
    "part is filled with zero bits to whole units of 8 bytes. Kinds: U unsigned, S two's "
    "complement, R "
    "binary32.\n"
    "A field `n[7]` holds elements 0 to 6, element 0 lowest.\n"
    "\n"
    "| kernel | name | bytes | what it does |\n"
    "|---|---|---|---|\n";

static void print_part(dvt_kernel kernel)
{
    const dvt_isa_part *part = dvt_isa_describe(kernel);

    printf("\n## %s\n\n", part->name);
    fputs(semantics[kernel], stdout);
    printf("\n| bits | field | kind | unit | meaning |\n|---|---|---|---|---|\n");
    for (int32_t i = 0; i < part->field_count; i++) {
        const dvt_isa_field *f = &part->fields[i];

        printf("| %d..%d | `%s", f->lsb, f->lsb + f->count * f->bits - 1, f->name);
        if (f->is_array) {
            printf("[%d]", f->count);
        }
        printf("` | %c%d | %s | %s |\n", f->kind, f->bits, f->unit, f->meaning);
    }
}

int main(void)
{
    fputs(page_head, stdout);
    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        printf("| %d | [`%s`](#%s) | %d | %s |\n", k, dvt_kernel_name((dvt_kernel)k),
               dvt_kernel_name((dvt_kernel)k), dvt_isa_describe((dvt_kernel)k)->bytes,
               dvt_kernel_help((dvt_kernel)k));
    }
    printf("\nThis is version %d of the instruction set.\n", DVT_ISA_VERSION);
    for (int k = 0; k < DVT_KERNEL_COUNT; k++) {
        print_part((dvt_kernel)k);
    }
    return ferror(stdout) ? 1 : 0;
}
