/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crc32c.h - the Castagnoli checksum: of table caches, and of the records of TFRecord files.
 */
#ifndef DVTI_CRC32C_H
#define DVTI_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Of `size` bytes behind those whose checksum is `crc` (0 = none). */
uint32_t dvti_crc32c(uint32_t crc, const void *data, size_t size);
/* The same, without the processor's instruction: for tests, and for machines that lack it. */
uint32_t dvti_crc32c_portable(uint32_t crc, const void *data, size_t size);

/* TFRecord stores a checksum so that a file of records may itself be checked by the same code. */
static inline uint32_t dvti_crc32c_mask(uint32_t crc)
{
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

#endif
