/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_data.h - where tests find real input, and where they may write.
 *
 * Real models and data sets are not part of the repository. A test that wants one asks for it by
 * its path below the data folder; where it is absent the test is reported as skipped, with the path
 * that was missing:
 *
 *     static void test_caffe__lenet_has_four_weighted_layers(void **state)
 *     {
 *         char path[TEST_PATH_MAX];
 *         test_data_require("models/x/lenet.prototxt", path);   (does not return if absent)
 *
 * The data folder is $DOVETAIL_TEST_DATA, or ../shared/data seen from the repository's root, which
 * is the working directory of every test.
 */
#ifndef TESTS_SUPPORT_TEST_DATA_H
#define TESTS_SUPPORT_TEST_DATA_H

#include <stdbool.h>
#include <stddef.h>

enum { TEST_PATH_MAX = 1024 };

/* Writes the path of `relative` into `out`; false if nothing is there. */
bool test_data_find(const char *relative, char out[TEST_PATH_MAX]);

/* The same, but skips the running cmocka test where nothing is there. */
void test_data_require(const char *relative, char out[TEST_PATH_MAX]);

/* A path for a file of this test in a folder that belongs to this process and that is removed at
 * exit with everything in it (files only, no folders). */
void test_temp_path(const char *name, char out[TEST_PATH_MAX]);

/* A file of the repository, for example "overlays/medium-fp11.json". */
void test_repo_path(const char *relative, char out[TEST_PATH_MAX]);

#endif
