/* HyperLogLog: estimates the number of distinct elements added, with a standard error of 0.81 %, in
 * at most 12 KiB. The value is a string in the representation that Redis documents, byte for byte:
 *
 *   "HYLL" | encoding 1 | unused 3 | cached count 8, little endian; top bit: it is out of date
 *   dense:  16384 registers of 6 bits, the first in the low bits of the first byte
 *   sparse: opcodes: 00nnnnnn       n+1 registers of 0
 *                    01nnnnnn n*8   the same, 14 bits
 *                    1vvvvvnn       n+1 registers of v+1
 *
 * Elements are hashed by MurmurHash64A. The estimate is Ertl's (arXiv:1702.01284, algorithm 6). */
#ifndef TYPE_HLL_H
#define TYPE_HLL_H

#include "base/buf.h"

#include <stdint.h>

#define HLL_REGISTERS 16384
#define HLL_HEADER    16

enum hll_encoding { HLL_DENSE, HLL_SPARSE };

/* Writes an empty one, sparse. */
void hll_init(struct buf *to);
/* Checks header and length; a sparse one may still turn out to be damaged. */
bool hll_is_valid(struct bytes x);
enum hll_encoding hll_encoding(struct bytes x);
/* 1: a register changed; 0: none did; -1: damaged. sparse_max: size in bytes at which it becomes
 * dense. */
int hll_add(struct buf *x, struct bytes element, size_t sparse_max);
/* The same for a dense one, in place; true: a register changed. */
bool hll_add_dense(unsigned char *x, struct bytes element);
/* Raises a register to a value. Result as of hll_add(). */
int hll_raise(struct buf *x, unsigned index, unsigned value, size_t sparse_max);
/* Raises the registers in `most` (HLL_REGISTERS bytes) to those of x. False: damaged. */
bool hll_merge(uint8_t *most, struct bytes x);
/* False: damaged. */
bool hll_make_dense(struct buf *x);
/* The estimate for HLL_REGISTERS registers. */
uint64_t hll_estimate(const uint8_t *registers);
/* The count cached in the header; false: it is out of date. */
bool hll_cached(struct bytes x, uint64_t *out);
/* Update the header in place. */
void hll_put_cached(unsigned char *header, uint64_t count);
void hll_forget_cached(unsigned char *header);
/* Appends the opcodes of a sparse one as text: "z:5 Z:300 v:3,1". */
void hll_describe(struct bytes x, struct buf *to);

#endif
