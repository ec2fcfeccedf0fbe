// SPDX-License-Identifier: Apache-2.0
// prim_bench - binary32 arithmetic and packing in rtl/prim against C, operand by operand.
//
// Usage     prim_bench [COUNT]   operands of each kind (default 1,000,000)
// Operands  uniformly random bits, exponents close to one another, operands one unit apart, results
//           around 2^-126 and the largest finite value, all significands with few or many ones.
// Output    TAP, one case per primitive; the first differences in hexadecimal.
#include "Vdvt_prim_bench.h"
#include "dovetail/overlay.h"
#include "dovetail/tensor.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>

namespace {

uint64_t state = 0x1234567ull;

uint64_t draw()
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545f4914f6cdd1dull;
}

uint64_t below(uint64_t n) { return (draw() >> 20) % n; }

float as_float(uint32_t u)
{
    float x;
    std::memcpy(&x, &u, sizeof x);
    return x;
}

uint32_t as_bits(float x)
{
    uint32_t u;
    std::memcpy(&u, &x, sizeof u);
    return u;
}

// docs/numerics-overlay.md: no subnormals, no infinities.
float fl(float x)
{
    float a = std::fabs(x);
    return a < 0x1p-126f ? 0.0f : a > 0x1.fffffep127f ? std::copysign(0x1.fffffep127f, x) : x;
}

// Significands that make carries and ties likely.
uint32_t significand()
{
    switch (below(5)) {
    case 0: return 0;
    case 1: return 0x7fffffu;
    case 2: return 0x7fffffu & ~(1u << below(23));
    case 3: return 0x7fffffu & (0x7fffffu << below(24));
    default: return static_cast<uint32_t>(draw() & 0x7fffffu);
    }
}

// Zero or normal, around the given biased exponent.
uint32_t number(int exponent, int spread)
{
    int e = exponent - spread + static_cast<int>(below(static_cast<uint64_t>(2 * spread + 1)));
    if (below(64) == 0) {
        return static_cast<uint32_t>(below(2)) << 31;
    }
    e = e < 1 ? 1 : e > 254 ? 254 : e;
    return static_cast<uint32_t>(below(2)) << 31 | static_cast<uint32_t>(e) << 23 | significand();
}

struct operands {
    uint32_t a, b, scale, v[8];
    uint64_t acc;
    uint32_t mant, exp, keep;
};

operands make()
{
    operands  o;
    const int centre[] = {127, 64, 190, 1, 254, 120};
    int       c = centre[below(6)], spread = below(2) ? 2 : 30;
    o.a = number(c, spread);
    o.b = below(4) == 0 ? number(254 - c, 3) : number(c, spread);
    if (below(8) == 0) {
        o.b = (o.a ^ static_cast<uint32_t>(below(2)) << 31) + static_cast<uint32_t>(below(3)) - 1;
        if ((o.b >> 23 & 255) == 0 || (o.b >> 23 & 255) == 255) {
            o.b = 0;
        }
    }
    o.scale = number(127, 10);
    o.acc = draw() >> below(64);
    o.acc = below(2) ? o.acc : -o.acc;
    o.acc = below(8) ? o.acc : ~0ull << below(64) ^ below(2);
    o.mant = static_cast<uint32_t>(draw() & 0xfff);
    o.exp = static_cast<uint32_t>(below(32));
    o.keep = below(4) ? 255 : static_cast<uint32_t>(below(256));
    int at = 112 + static_cast<int>(below(36)), wide = below(2) ? 1 : 8;
    for (uint32_t &v : o.v) {
        v = number(at, wide);
    }
    return o;
}

enum { MUL1, MUL2, MUL3, ADD3, ADD4, INT64, INT32, GREATER, BFP12, BFP5, INT8, PACK12, PACK5, PACK3,
       PACK8, KINDS };
const char *const names[] = {
    "product, 1 stage", "product, 2 stages", "product, 3 stages", "sum, unregistered", "sum",
    "64-bit integer to binary32", "32-bit integer to binary32", "comparison",
    "value of 12 bits", "value of 5 bits", "int8 value times scale", "block of 12 bits",
    "block of 5 bits", "block of 3 bits", "int8 block"};
uint64_t wrong[KINDS], tried[KINDS];

void check(int kind, const operands &o, uint64_t got, uint64_t want)
{
    tried[kind]++;
    if (got != want && wrong[kind]++ < 3) {
        std::printf("# %s: a %08x b %08x acc %016llx mant %03x exp %u scale %08x: %llx, not %llx\n",
                    names[kind], o.a, o.b, static_cast<unsigned long long>(o.acc), o.mant, o.exp,
                    o.scale, static_cast<unsigned long long>(got),
                    static_cast<unsigned long long>(want));
        for (int i = 0; kind >= PACK12 && i < 8; i++) {
            std::printf("#   %a%s\n", static_cast<double>(as_float(o.v[i])),
                        o.keep >> i & 1 ? "" : " (not kept)");
        }
    }
}

uint32_t value_of(uint32_t raw, int32_t bits, uint32_t exp)
{
    int16_t mag = static_cast<int16_t>(raw & ((1u << (bits - 1)) - 1));
    int16_t m = raw >> (bits - 1) & 1 ? static_cast<int16_t>(-mag) : mag;
    float   x;
    dvt_bfp_decode(&m, static_cast<uint8_t>(exp), 1, bits, &x);
    return as_bits(x);
}

// The word as dvt_block_pack lays it out, compared byte by byte with the RTL's.
void check_block(int kind, int32_t bits, const operands &o, const uint32_t *word, uint64_t count)
{
    dvt_overlay ov = {};
    float       x[8];
    int16_t     mant[8];
    uint8_t     exp, bytes[16], rtl[16] = {0};
    ov.c_vec = 8;
    ov.format = DVT_FORMAT_BFP;
    for (int i = 0; i < 8; i++) {
        x[i] = o.keep >> i & 1 ? as_float(o.v[i]) : 0.0f;
    }
    uint64_t saturated = static_cast<uint64_t>(dvt_bfp_encode(x, 8, bits, mant, &exp));
    dvt_block_pack(&ov, bits, mant, exp, bytes);
    size_t size = static_cast<size_t>(8 * bits + 5 + 7) / 8;
    std::memcpy(rtl, word, size);
    uint64_t differ = std::memcmp(rtl, bytes, size) != 0;
    check(kind, o, differ << 32 | count, saturated);
}

void check_int8(const operands &o, uint64_t word, uint64_t count)
{
    float    y[8];
    int8_t   q[8];
    uint64_t want = 0, saturated = 0;
    for (int i = 0; i < 8; i++) {
        y[i] = fl((o.keep >> i & 1 ? as_float(o.v[i]) : 0.0f) * as_float(o.scale));
        saturated += std::fabs(y[i]) >= 127.5f;
    }
    dvt_int8_encode(y, 8, 1.0f, q);
    for (int i = 0; i < 8; i++) {
        want |= static_cast<uint64_t>(static_cast<uint8_t>(q[i])) << 8 * i;
    }
    check(PACK8, o, word, want);
    check(PACK8, o, count, saturated);
}

// `past[d]`: operands whose results stand at the outputs of primitives with d registers.
void compare(const Vdvt_prim_bench &t, const std::deque<operands> &past)
{
    auto product = [](const operands &o) { return as_bits(fl(as_float(o.a) * as_float(o.b))); };
    auto sum = [](const operands &o) { return as_bits(fl(as_float(o.a) + as_float(o.b))); };
    const operands &d1 = past[0], &d2 = past[1], &d3 = past[2], &d4 = past[3];

    check(MUL1, d1, t.mul1, product(d1));
    check(MUL2, d2, t.mul2, product(d2));
    check(MUL3, d3, t.mul3, product(d3));
    check(ADD3, d3, t.add3, sum(d3));
    check(ADD4, d4, t.add4, sum(d4));
    check(INT64, d2, t.int64, as_bits(std::ldexp(static_cast<float>(static_cast<int64_t>(d2.acc)), -30)));
    check(INT32, d2, t.int32, as_bits(static_cast<float>(static_cast<int32_t>(d2.acc))));
    check(GREATER, d1, t.greater, as_float(d1.a) > as_float(d1.b));
    check(BFP12, d1, t.bfp12 & 0x7fffffff, value_of(d1.mant, 12, d1.exp) & 0x7fffffff);
    check(BFP5, d1, t.bfp5, value_of(d1.mant & 31, 5, d1.exp));
    check(INT8, d1, t.int8, as_bits(fl(static_cast<float>(static_cast<int8_t>(d1.mant)) * as_float(d1.scale))));
    check_block(PACK12, 12, d3, &t.pack12[0], t.saturated12);
    uint32_t five[2] = {static_cast<uint32_t>(t.pack5), static_cast<uint32_t>(t.pack5 >> 32)};
    check_block(PACK5, 5, d3, five, t.saturated5);
    check_block(PACK3, 3, d3, &t.pack3, t.saturated3);
    check_int8(d3, t.pack8, t.saturated8);
}

void drive(Vdvt_prim_bench *t, const operands &o)
{
    t->a = o.a;
    t->b = o.b;
    t->acc = o.acc;
    t->scale = o.scale;
    t->mant = o.mant;
    t->exponent = o.exp;
    t->keep = o.keep;
    for (int i = 0; i < 8; i++) {
        t->values[i] = o.v[i];
    }
    t->clk = 0;
    t->eval();
    t->clk = 1;
    t->eval();
}

} // namespace

int main(int argc, char **argv)
{
    long                 count = argc > 1 ? std::atol(argv[1]) : 1000000;
    Vdvt_prim_bench      t;
    std::deque<operands> past;
    int                  bad = 0;

    for (long i = 0; i < count; i++) {
        past.push_front(make());
        drive(&t, past.front());
        if (past.size() > 4) {
            compare(t, past);
            past.pop_back();
        }
    }
    std::printf("1..%d\n", KINDS);
    for (int k = 0; k < KINDS; k++) {
        bad += wrong[k] != 0;
        std::printf("%sok %d - prim: %s equals C on %llu operands\n", wrong[k] ? "not " : "", k + 1,
                    names[k], static_cast<unsigned long long>(tried[k]));
    }
    return bad != 0;
}
