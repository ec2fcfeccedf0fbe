/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_memory_model.c - external memory cycle by cycle: latency, bandwidth, queues, back-pressure.
 */
#include "overlay/memory_model.h"
#include "support/fixture.h"

enum { BUS = 4, BYTES = 64 };

typedef struct bench {
    dvti_memory     m;
    dvti_memory_out out; /* of the last cycle */
    uint8_t         bytes[BYTES], data[BUS], strobe;
} bench;

/* beats: sustained, in hundredths of a beat a cycle */
static void open_memory(bench *b, int32_t latency, int64_t beats, bool data)
{
    const dvti_memory_opts o = {.bus_bytes = BUS,
                                .latency = latency,
                                .rate = beats * BUS * 65536 / 100,
                                .bytes = data ? b->bytes : NULL,
                                .size = BYTES};

    *b = (bench){.strobe = 0};
    for (int i = 0; i < BYTES; i++) {
        b->bytes[i] = (uint8_t)i;
    }
    dvti_memory_init(&b->m, &o);
}

static void cycle(bench *b, dvti_memory_in in)
{
    in.wdata = b->data;
    in.wstrb = &b->strobe;
    dvti_memory_drive(&b->m, &b->out);
    dvti_memory_clock(&b->m, &in);
}

static dvti_memory_in read_of(uint64_t address, uint8_t beats)
{
    return (dvti_memory_in){
        .arvalid = true, .araddr = address, .arlen = (uint8_t)(beats - 1), .rready = true};
}

static const dvti_memory_in ready = {.rready = true, .bready = true};

static void expect_beat(bench *b, uint8_t first, bool last)
{
    cycle(b, ready);
    assert_true(b->out.rvalid);
    assert_int_equal(b->out.rlast, last);
    assert_int_equal(b->out.rresp, 0);
    assert_int_equal(b->out.rdata[0], first);
    assert_int_equal(b->out.rdata[3], first + 3);
}

/* Accepted in cycle 0; the first beat in cycle 3, the others behind it. */
static void test_memory_model__a_burst_comes_after_the_latency(void **state)
{
    bench b;

    (void)state;
    open_memory(&b, 3, 100, true);
    cycle(&b, read_of(8, 3));
    for (int i = 1; i < 3; i++) {
        cycle(&b, ready);
        assert_false(b.out.rvalid);
    }
    expect_beat(&b, 8, false);
    expect_beat(&b, 12, false);
    expect_beat(&b, 16, true);
    cycle(&b, ready);
    assert_false(b.out.rvalid);
}

/* Two beats are saved up; then one comes every second cycle. */
static void test_memory_model__bandwidth_is_credit(void **state)
{
    static const bool want[] = {true, true, true, false, true, false, true, false, true};
    bench             b;

    (void)state;
    open_memory(&b, 0, 50, false);
    cycle(&b, read_of(0, 100));
    for (size_t i = 0; i < sizeof want; i++) {
        cycle(&b, ready);
        assert_int_equal(b.out.rvalid, want[i]);
        assert_null(b.out.rdata);
    }
}

/* Address in cycle 0, data in 1: carried out in 2, answered in 4; a read in cycle 2 sees it. */
static void test_memory_model__a_write_waits_for_its_data(void **state)
{
    bench b;

    (void)state;
    open_memory(&b, 2, 100, true);
    memcpy(b.data, "\x90\x91\x92\x93", BUS);
    b.strobe = 0x5;
    cycle(&b, (dvti_memory_in){.awvalid = true, .awaddr = 20, .bready = true});
    cycle(&b, (dvti_memory_in){.wvalid = true, .bready = true});
    assert_int_equal(b.bytes[20], 20);
    cycle(&b, read_of(20, 1));
    assert_int_equal(b.bytes[20], 0x90);
    assert_int_equal(b.bytes[21], 21);
    assert_int_equal(b.bytes[22], 0x92);
    cycle(&b, (dvti_memory_in){.rready = true});
    assert_false(b.out.bvalid);
    cycle(&b, (dvti_memory_in){.rready = true}); /* cycle 4: offered, not taken */
    assert_true(b.out.bvalid && b.out.rvalid);
    assert_int_equal(b.out.rdata[0], 0x90);
    cycle(&b, ready);
    assert_true(b.out.bvalid);
    assert_int_equal(b.out.bresp, 0);
    cycle(&b, ready);
    assert_false(b.out.bvalid);
}

/* One beat's credit a cycle: the write of a cycle is served before its read. */
static void test_memory_model__writes_go_first(void **state)
{
    bench b;

    (void)state;
    open_memory(&b, 0, 0, false); /* two beats saved up, and no more */
    b.m.o.rate = 0;
    cycle(&b, (dvti_memory_in){.arvalid = true, .arlen = 3, .awvalid = true, .wvalid = true});
    cycle(&b, (dvti_memory_in){.rready = true, .awvalid = true, .wvalid = true});
    assert_true(b.out.rvalid); /* and a write: credit is used up */
    cycle(&b, (dvti_memory_in){.rready = true});
    assert_false(b.out.rvalid);
    assert_int_equal(b.m.aw_count, 1);
    b.m.o.rate = (int64_t)BUS * 65536;
    cycle(&b, (dvti_memory_in){.rready = true});
    assert_false(b.out.rvalid);
    assert_int_equal(b.m.aw_count, 0);
    cycle(&b, (dvti_memory_in){.rready = true});
    assert_true(b.out.rvalid);
}

static void test_memory_model__queues_hold_sixteen(void **state)
{
    bench b;

    (void)state;
    open_memory(&b, 1000, 100, false);
    for (int i = 0; i < DVTI_MEMORY_QUEUE; i++) {
        cycle(&b, (dvti_memory_in){.arvalid = true, .awvalid = true});
        assert_true(b.out.arready && b.out.awready && b.out.wready);
    }
    cycle(&b, (dvti_memory_in){.arvalid = true, .awvalid = true});
    assert_false(b.out.arready || b.out.awready);
    assert_true(b.out.wready);
    assert_int_equal(b.m.read_count, DVTI_MEMORY_QUEUE);
}

static void test_memory_model__beats_outside_answer_an_error(void **state)
{
    bench b;

    (void)state;
    open_memory(&b, 1, 100, true);
    cycle(&b, read_of(BYTES - BUS, 2));
    expect_beat(&b, BYTES - BUS, false);
    cycle(&b,
          (dvti_memory_in){
              .rready = true, .awvalid = true, .awaddr = BYTES, .wvalid = true, .bready = true});
    assert_true(b.out.rvalid && b.out.rlast);
    assert_int_equal(b.out.rresp, DVTI_MEMORY_SLVERR);
    assert_int_equal(b.out.rdata[0], 0);
    cycle(&b, ready);
    cycle(&b, ready);
    assert_true(b.out.bvalid);
    assert_int_equal(b.out.bresp, DVTI_MEMORY_SLVERR);
}

/* Section 2.1 by hand: 1 << 13 ^ 1 = 0x2001; ^ >> 7: 0x2041; ^ << 17: 0x40822041. Its upper half is
 * 0; the second draw's is 0x10004106, which leaves 102 of 1000. */
static void test_memory_model__draws_are_those_of_the_page(void **state)
{
    uint64_t x = 1;

    (void)state;
    assert_true(dvti_memory_held(&x, 1));
    assert_true(x == 0x40822041);
    assert_false(dvti_memory_held(&x, 102));
    assert_true(x == 0x100041060c011441);
    x = 0x40822041;
    assert_true(dvti_memory_held(&x, 103));
}

/* Held back or not, a beat that is offered stays until it is taken. */
static void test_memory_model__what_is_offered_stays(void **state)
{
    bench b;

    (void)state;
    open_memory(&b, 1, 100, true);
    b.m.o.stall_permille = 900;
    while (b.m.read_count == 0) {
        cycle(&b, (dvti_memory_in){.arvalid = true});
    }
    while (!b.out.rvalid) {
        cycle(&b, (dvti_memory_in){.rready = false});
    }
    for (int i = 0; i < 50; i++) {
        b.bytes[0] = 77; /* too late */
        cycle(&b, (dvti_memory_in){.rready = false});
        assert_true(b.out.rvalid && b.out.rlast);
        assert_int_equal(b.out.rdata[0], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_model__a_burst_comes_after_the_latency),
        cmocka_unit_test(test_memory_model__bandwidth_is_credit),
        cmocka_unit_test(test_memory_model__a_write_waits_for_its_data),
        cmocka_unit_test(test_memory_model__writes_go_first),
        cmocka_unit_test(test_memory_model__queues_hold_sixteen),
        cmocka_unit_test(test_memory_model__beats_outside_answer_an_error),
        cmocka_unit_test(test_memory_model__draws_are_those_of_the_page),
        cmocka_unit_test(test_memory_model__what_is_offered_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
