/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pareto_checkpoint.c - a search that was stopped anywhere goes on to the same frontier.
 */
#include "support/fixture.h"
#include "support/pareto_case.h"
#include "support/test_data.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CELLS = 300, DEADLY = 1000 /* from so many blocks on: killed after the rest */ };

typedef struct stop {
    int  left; /* questions until the answer is to stop; -1: never */
    bool kill; /* SIGKILL instead of an answer */
} stop;

static bool go_on(void *ud, const char *phase, uint64_t done, uint64_t total, const char *unit)
{
    stop *s = ud;

    (void)phase;
    (void)done;
    (void)total;
    (void)unit;
    if (s->kill && s->left == 0) {
        kill(getpid(), SIGKILL);
    }
    return s->left < 0 || s->left-- > 0;
}

/* Finds with a checkpoint, stopped after so many blocks. */
static dvt_status find(const char *path, const char *objectives, int blocks, int64_t every,
                       dvt_pareto_front *front, dvt_pareto_point *points)
{
    stop         s = {blocks < 0 ? -1 : blocks % DEADLY, blocks >= DEADLY};
    dvt_ctx_opts opts = {.progress = go_on, .progress_ud = &s};
    dvt_ctx     *ctx = dvt_ctx_create(&opts);
    pareto_case  c;
    dvt_status   st;

    pareto_case_nb101(ctx, 77, CELLS, 200, &c);
    expect_ok(ctx, dvt_pareto_objectives(ctx, &c.problem, objectives));
    st = dvt_pareto_find(ctx, &c.problem,
                         &(dvt_pareto_opts){.checkpoint = path, .checkpoint_every = every}, front);
    if (st == DVT_OK) {
        assert_true(front->count <= PARETO_CASE_POINTS);
        memcpy(points, front->points, (size_t)front->count * sizeof *points);
    }
    dvt_pareto_front_deinit(ctx, &(dvt_pareto_front){.points = front->points});
    pareto_case_deinit(ctx, &c);
    dvt_ctx_destroy(ctx);
    return st;
}

static void test_checkpoint__a_stopped_search_goes_on_to_the_same_frontier(void **state)
{
    static const char *const lists[] = {"accuracy,latency,area", "accuracy,parameters,latency,dsp"};
    static dvt_pareto_point  want[PARETO_CASE_POINTS], got[PARETO_CASE_POINTS];
    char                     path[TEST_PATH_MAX];

    (void)state;
    test_temp_path("state", path);
    for (size_t i = 0; i < 2; i++) {
        dvt_pareto_front whole, rest;
        int              stopped = 0;
        assert_int_equal(find(NULL, lists[i], -1, 0, &whole, want), DVT_OK);
        for (int blocks = 0; blocks < 4; blocks++) {
            while (find(path, lists[i], blocks + 1, 1, &rest, got) == DVT_E_CANCELLED) {
                assert_true(dvt_file_exists(path));
                stopped++;
            }
            assert_false(dvt_file_exists(path)); /* complete: removed */
            assert_int_equal(rest.count, whole.count);
            assert_int_equal(rest.networks, whole.networks);
            assert_memory_equal(got, want, (size_t)whole.count * sizeof *want);
        }
        assert_true(stopped > 4);
    }
}

static void test_checkpoint__a_killed_search_goes_on_to_the_same_frontier(void **state)
{
    static dvt_pareto_point want[PARETO_CASE_POINTS], got[PARETO_CASE_POINTS];
    dvt_pareto_front        whole, rest;
    char                    path[TEST_PATH_MAX];

    (void)state;
    test_temp_path("killed", path);
    assert_int_equal(find(NULL, "accuracy,latency,area", -1, 0, &whole, want), DVT_OK);
    for (int blocks = 1; blocks <= 3; blocks++) {
        int         status = 0;
        const pid_t child = fork();
        if (child == 0) {
            _exit(find(path, "accuracy,latency,area", DEADLY + blocks, 1, &rest, got) == DVT_OK);
        }
        assert_true(child > 0 && waitpid(child, &status, 0) == child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_true(dvt_file_exists(path));
        assert_int_equal(find(path, "accuracy,latency,area", -1, 1, &rest, got), DVT_OK);
        assert_int_equal(rest.count, whole.count);
        assert_memory_equal(got, want, (size_t)whole.count * sizeof *want);
    }
}

/* Leaves the file of a search that was stopped after two blocks. */
static void make_file(const char *path)
{
    static dvt_pareto_point points[PARETO_CASE_POINTS];
    dvt_pareto_front        front;

    remove(path);
    assert_int_equal(find(path, "accuracy,latency,area", 2, 1, &front, points), DVT_E_CANCELLED);
    assert_true(dvt_file_exists(path));
}

static dvt_status go_on_from(dvt_ctx *ctx, const char *path, const char *objectives)
{
    pareto_case      c;
    dvt_pareto_front front;
    dvt_status       st;

    pareto_case_nb101(ctx, 77, CELLS, 200, &c);
    expect_ok(ctx, dvt_pareto_objectives(ctx, &c.problem, objectives));
    st = dvt_pareto_find(ctx, &c.problem, &(dvt_pareto_opts){.checkpoint = path}, &front);
    dvt_pareto_front_deinit(ctx, &front);
    pareto_case_deinit(ctx, &c);
    return st;
}

static void test_checkpoint__damaged_files_are_refused(void **state)
{
    char     path[TEST_PATH_MAX], hurt[TEST_PATH_MAX];
    dvt_blob file;

    test_temp_path("whole", path);
    test_temp_path("hurt", hurt);
    make_file(path);
    expect_ok(*state, dvt_file_read(*state, path, 0, &file));
    for (size_t at = 0; at < file.size; at += at < 120 ? 1 : 97) { /* any byte */
        file.data[at] ^= 0x40;
        expect_ok(*state, dvt_file_write(*state, hurt, file.data, file.size));
        expect_failure(*state, go_on_from(*state, hurt, "accuracy,latency,area"), DVT_E_PARSE,
                       "not a usable checkpoint");
        file.data[at] ^= 0x40;
    }
    for (size_t size = 0; size < file.size; size += 311) { /* any length */
        expect_ok(*state, dvt_file_write(*state, hurt, file.data, size));
        expect_failure(*state, go_on_from(*state, hurt, "accuracy,latency,area"), DVT_E_PARSE,
                       "not a usable checkpoint");
    }
    dvt_blob_deinit(*state, &file);
}

static void test_checkpoint__another_search_is_refused(void **state)
{
    char path[TEST_PATH_MAX];

    test_temp_path("other", path);
    make_file(path);
    expect_failure(*state, go_on_from(*state, path, "accuracy,latency,dsp"), DVT_E_USAGE,
                   "checkpoint of another search");
    assert_true(dvt_file_exists(path)); /* nothing is lost */
    expect_ok(*state, go_on_from(*state, path, "accuracy,latency,area"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_checkpoint__a_stopped_search_goes_on_to_the_same_frontier),
        FIXTURE_TEST(test_checkpoint__a_killed_search_goes_on_to_the_same_frontier),
        FIXTURE_TEST(test_checkpoint__damaged_files_are_refused),
        FIXTURE_TEST(test_checkpoint__another_search_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
