/* Checksums: CRC-32C (Castagnoli; the processor's instruction where there is one) for journal
 * frames, CRC-64 (Jones, reflected, as RDB files carry it) for snapshots and DUMP,
 * CRC-16 for the slots of clusters. */
#ifndef BASE_CRC_H
#define BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Continue from crc; start from a seed of choice. */
uint32_t crc_32c(uint32_t crc, const void *data, size_t n);
/* Start from 0. */
uint64_t crc_64(uint64_t crc, const void *data, size_t n);
/* CRC-16 (XMODEM: polynomial 0x1021, start from 0), as a cluster's slots are told by; a bit at a
 * time. */
uint16_t crc_16(uint16_t crc, const void *data, size_t n);
/* Once, before the first use. */
void crc_init(void);

#endif
