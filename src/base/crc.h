/* Checksums: CRC-32C (Castagnoli; by the CPU's instruction if available) for journal frames, CRC-64
 * (Jones, reflected, as in RDB files) for snapshots and DUMP, CRC-16 for cluster slots. */
#ifndef BASE_CRC_H
#define BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Continues from crc, at first any seed. */
uint32_t crc_32c(uint32_t crc, const void *data, size_t n);
/* Continues from crc, at first 0. */
uint64_t crc_64(uint64_t crc, const void *data, size_t n);
/* CRC-16 (XMODEM: polynomial 0x1021, at first 0), as for cluster slots; bit by bit, hence slow. */
uint16_t crc_16(uint16_t crc, const void *data, size_t n);
/* To be called once before all others. */
void crc_init(void);

#endif
