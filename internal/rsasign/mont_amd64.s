//go:build amd64 && !purego

#include "textflag.h"
#include "go_asm.h"

// Montgomery arithmetic on blocks of eight limbs of 64 bits, for moduli of two blocks (1024 bits) and more.
//
// Everything is made of one step: t += y · x, where y is one block, x is some blocks, and t is the double-width
// accumulator of the modulus. Eight rows multiply a block of x by a limb of y each; the eight limbs that are still
// growing stay in R8 … R15. MULX leaves the flags alone, so that two chains of carries run side by side: ADCX adds the
// low halves of the products with CF, ADOX the high ones with OF. A square computes each product of two different
// limbs once, doubles the sum, and adds the squares of the limbs.
//
// Constant time: every branch and every address depends on the number of blocks alone, which is public. A conditional
// subtraction masks what it subtracts; a look-up in the table reads all of it.
//
// Throughout: BP is the modulus and its scratch, SI walks through x, DI through t, CX is zero within a row, DX is the
// limb that a row multiplies by, AX and BX are a product. Bodies without a frame (name<>) take and leave these and
// are called from the functions at the end alone.

// STEP: the products of limb i of x.
#define STEP(i, low, high) \
	MULXQ (8*i)(SI), AX, BX \
	ADCXQ AX, low           \
	ADOXQ BX, high

// LAST: the product of limb 7, whose high half begins a new limb in the register top.
#define LAST(high, top) \
	MULXQ 56(SI), AX, top \
	ADOXQ CX, top         \
	ADCQ  AX, high        \
	ADCQ  CX, top

// ROW: (a7 … a0) += x · y[i]. The lowest limb is complete and goes to t; its register becomes the highest one.
#define ROW(i, a0, a1, a2, a3, a4, a5, a6, a7) \
	MOVQ (modulus_y+8*i)(BP), DX \
	XORL CX, CX                  \
	STEP(0, a0, a1)              \
	MOVQ a0, (8*i)(DI)           \
	STEP(1, a1, a2)              \
	STEP(2, a2, a3)              \
	STEP(3, a3, a4)              \
	STEP(4, a4, a5)              \
	STEP(5, a5, a6)              \
	STEP(6, a6, a7)              \
	LAST(a7, a0)

// CLEAR: (a7 … a0) += n · y[i], with y[i] chosen so that the lowest limb becomes zero.
#define CLEAR(i, a0, a1, a2, a3, a4, a5, a6, a7) \
	MOVQ  a0, DX                 \
	IMULQ modulus_n0(BP), DX     \
	MOVQ  DX, (modulus_y+8*i)(BP) \
	XORL  CX, CX                 \
	STEP(0, a0, a1)              \
	STEP(1, a1, a2)              \
	STEP(2, a2, a3)              \
	STEP(3, a3, a4)              \
	STEP(4, a4, a5)              \
	STEP(5, a5, a6)              \
	STEP(6, a6, a7)              \
	LAST(a7, a0)

#define LOAD8 \
	MOVQ 0(DI), R8   \
	MOVQ 8(DI), R9   \
	MOVQ 16(DI), R10 \
	MOVQ 24(DI), R11 \
	MOVQ 32(DI), R12 \
	MOVQ 40(DI), R13 \
	MOVQ 48(DI), R14 \
	MOVQ 56(DI), R15

// ADC8: the next block of t joins the growing limbs, with CF going in and out.
#define ADC8 \
	ADCQ 0(DI), R8   \
	ADCQ 8(DI), R9   \
	ADCQ 16(DI), R10 \
	ADCQ 24(DI), R11 \
	ADCQ 32(DI), R12 \
	ADCQ 40(DI), R13 \
	ADCQ 48(DI), R14 \
	ADCQ 56(DI), R15

// COPY8: a block from (SI) to y.
#define COPY8 \
	MOVOU 0(SI), X0  \
	MOVOU 16(SI), X1 \
	MOVOU 32(SI), X2 \
	MOVOU 48(SI), X3 \
	MOVOU X0, (modulus_y+0)(BP)  \
	MOVOU X1, (modulus_y+16)(BP) \
	MOVOU X2, (modulus_y+32)(BP) \
	MOVOU X3, (modulus_y+48)(BP)

// TOP: limb i of the last block: + t, with the carry from within (CF), + the carry of the step before (OF).
#define TOP(i, a) \
	ADCXQ (8*i)(DI), a \
	ADOXQ CX, a        \
	MOVQ  a, (8*i)(DI)

// rows is the step: it multiplies m.left blocks from SI by y, onto R8 … R15 and t from DI. m.inner is the carry into
// the block after the one in the registers, m.top the one that the step before left for the last block; both are 0 or
// all ones. The end is the one block where t is not written anew but added to; the carry out of it is the next m.top.
TEXT rows<>(SB), NOSPLIT|NOFRAME, $0-0
	PCALIGN $32
block:
	ROW(0, R8, R9, R10, R11, R12, R13, R14, R15)
	ROW(1, R9, R10, R11, R12, R13, R14, R15, R8)
	ROW(2, R10, R11, R12, R13, R14, R15, R8, R9)
	ROW(3, R11, R12, R13, R14, R15, R8, R9, R10)
	ROW(4, R12, R13, R14, R15, R8, R9, R10, R11)
	ROW(5, R13, R14, R15, R8, R9, R10, R11, R12)
	ROW(6, R14, R15, R8, R9, R10, R11, R12, R13)
	ROW(7, R15, R8, R9, R10, R11, R12, R13, R14)
	ADDQ $64, SI
	ADDQ $64, DI
	MOVQ modulus_inner(BP), AX
	DECQ modulus_left(BP)
	JZ   last
	ADDQ AX, AX // CF
	ADC8
	SBBQ AX, AX
	MOVQ AX, modulus_inner(BP)
	JMP  block

last:
	MOVQ  modulus_top(BP), BX
	XORL  CX, CX
	ADCXQ AX, AX // CF
	ADOXQ BX, BX // OF
	TOP(0, R8)
	TOP(1, R9)
	TOP(2, R10)
	TOP(3, R11)
	TOP(4, R12)
	TOP(5, R13)
	TOP(6, R14)
	TOP(7, R15)
	MOVL  $0, AX
	ADCXQ CX, AX
	ADOXQ CX, AX
	NEGQ  AX
	MOVQ  AX, modulus_top(BP)
	RET

// multiply: t = m.in · y, where SI points to y.
TEXT multiply<>(SB), NOSPLIT|NOFRAME, $0-0
	LEAQ modulus_t(BP), DI
	MOVQ DI, modulus_at(BP)
	MOVQ modulus_blocks(BP), AX
	MOVQ AX, modulus_outer(BP)
	MOVQ $0, modulus_top(BP)
	PXOR X0, X0

zero:
	MOVOU X0, 0(DI)
	MOVOU X0, 16(DI)
	MOVOU X0, 32(DI)
	MOVOU X0, 48(DI)
	MOVOU X0, 64(DI)
	MOVOU X0, 80(DI)
	MOVOU X0, 96(DI)
	MOVOU X0, 112(DI)
	ADDQ  $128, DI
	DECQ  AX
	JNZ   zero

step:
	COPY8
	ADDQ $64, SI
	MOVQ SI, modulus_row(BP)
	MOVQ modulus_in(BP), SI
	MOVQ modulus_at(BP), DI
	MOVQ modulus_blocks(BP), AX
	MOVQ AX, modulus_left(BP)
	MOVQ $0, modulus_inner(BP)
	LOAD8
	CALL rows<>(SB)
	ADDQ $64, modulus_at(BP)
	MOVQ modulus_row(BP), SI
	DECQ modulus_outer(BP)
	JNZ  step
	RET

// ONCE: limb j of a square without doubles: t[2j] and t[2j+1] doubled with CF, plus x[j]² with OF.
#define ONCE(j) \
	MOVQ  (8*j)(SI), DX     \
	MULXQ DX, R8, R9        \
	MOVQ  (16*j)(DI), R10   \
	MOVQ  (16*j+8)(DI), R11 \
	ADCXQ R10, R10          \
	ADOXQ R8, R10           \
	ADCXQ R11, R11          \
	ADOXQ R9, R11           \
	MOVQ  R10, (16*j)(DI)   \
	MOVQ  R11, (16*j+8)(DI)

// square: t = m.in².
TEXT square<>(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ modulus_in(BP), SI
	LEAQ modulus_t(BP), DI
	MOVQ modulus_blocks(BP), AX
	MOVQ AX, modulus_outer(BP)

	// Within each block, the products x[i] · x[j] with i < j. Row i completes the limbs 2i+1 and 2i+2.
within:
	MOVQ  0(SI), DX
	XORL  CX, CX
	MULXQ 8(SI), R9, R10
	MULXQ 16(SI), AX, R11
	ADCXQ AX, R10
	MULXQ 24(SI), AX, R12
	ADCXQ AX, R11
	MULXQ 32(SI), AX, R13
	ADCXQ AX, R12
	MULXQ 40(SI), AX, R14
	ADCXQ AX, R13
	MULXQ 48(SI), AX, R15
	ADCXQ AX, R14
	MULXQ 56(SI), AX, R8
	ADCXQ AX, R15
	ADCXQ CX, R8
	MOVQ  CX, 0(DI)
	MOVQ  R9, 8(DI)
	MOVQ  R10, 16(DI)

	MOVQ 8(SI), DX
	XORL CX, CX
	STEP(2, R11, R12)
	STEP(3, R12, R13)
	STEP(4, R13, R14)
	STEP(5, R14, R15)
	STEP(6, R15, R8)
	LAST(R8, R9)
	MOVQ R11, 24(DI)
	MOVQ R12, 32(DI)

	MOVQ 16(SI), DX
	XORL CX, CX
	STEP(3, R13, R14)
	STEP(4, R14, R15)
	STEP(5, R15, R8)
	STEP(6, R8, R9)
	LAST(R9, R10)
	MOVQ R13, 40(DI)
	MOVQ R14, 48(DI)

	MOVQ 24(SI), DX
	XORL CX, CX
	STEP(4, R15, R8)
	STEP(5, R8, R9)
	STEP(6, R9, R10)
	LAST(R10, R11)
	MOVQ R15, 56(DI)
	MOVQ R8, 64(DI)

	MOVQ 32(SI), DX
	XORL CX, CX
	STEP(5, R9, R10)
	STEP(6, R10, R11)
	LAST(R11, R12)
	MOVQ R9, 72(DI)
	MOVQ R10, 80(DI)

	MOVQ 40(SI), DX
	XORL CX, CX
	STEP(6, R11, R12)
	LAST(R12, R13)
	MOVQ R11, 88(DI)
	MOVQ R12, 96(DI)

	MOVQ  48(SI), DX
	XORL  CX, CX
	MULXQ 56(SI), AX, R14
	ADCXQ AX, R13
	ADCXQ CX, R14
	MOVQ  R13, 104(DI)
	MOVQ  R14, 112(DI)
	MOVQ  CX, 120(DI)

	ADDQ $64, SI
	ADDQ $128, DI
	DECQ modulus_outer(BP)
	JNZ  within

	// Each block with the blocks above it.
	LEAQ (modulus_t+64)(BP), DI
	MOVQ DI, modulus_at(BP)
	MOVQ modulus_blocks(BP), AX
	DECQ AX
	MOVQ AX, modulus_outer(BP)
	MOVQ $0, modulus_top(BP)
	MOVQ modulus_in(BP), SI

across:
	COPY8
	ADDQ $64, SI
	MOVQ SI, modulus_row(BP)
	MOVQ modulus_at(BP), DI
	MOVQ modulus_outer(BP), AX
	MOVQ AX, modulus_left(BP)
	MOVQ $0, modulus_inner(BP)
	LOAD8
	CALL rows<>(SB)
	ADDQ $128, modulus_at(BP)
	MOVQ modulus_row(BP), SI
	DECQ modulus_outer(BP)
	JNZ  across

	// The carry into the last block.
	ADDQ $64, DI
	LOAD8
	MOVQ modulus_top(BP), AX
	ADDQ AX, AX // CF
	ADCQ $0, R8
	ADCQ $0, R9
	ADCQ $0, R10
	ADCQ $0, R11
	ADCQ $0, R12
	ADCQ $0, R13
	ADCQ $0, R14
	ADCQ $0, R15
	MOVQ R8, 0(DI)
	MOVQ R9, 8(DI)
	MOVQ R10, 16(DI)
	MOVQ R11, 24(DI)
	MOVQ R12, 32(DI)
	MOVQ R13, 40(DI)
	MOVQ R14, 48(DI)
	MOVQ R15, 56(DI)

	// Doubled, plus the squares of the limbs.
	MOVQ modulus_in(BP), SI
	LEAQ modulus_t(BP), DI
	MOVQ modulus_blocks(BP), CX
	XORL AX, AX
	XORL BX, BX

double:
	ADDB  $127, BX // OF, and no CF
	ADCXQ AX, AX   // CF
	ONCE(0)
	ONCE(1)
	ONCE(2)
	ONCE(3)
	ONCE(4)
	ONCE(5)
	ONCE(6)
	ONCE(7)
	SETOS BX
	SBBQ  AX, AX
	ADDQ  $64, SI
	ADDQ  $128, DI
	DECQ  CX
	JNZ   double
	RET

// MASKED: limb i of n, or zero.
#define MASKED(i, a) \
	MOVQ BX, a \
	ANDQ (8*i)(SI), a

// LESS: limb i of the result, less the masked one.
#define LESS(i, a) \
	MOVQ (8*i)(DI), DX \
	SBBQ a, DX         \
	MOVQ DX, (8*i)(CX)

// reduce: *m.out = t ÷ 2^(64·limbs) mod n, less than 2^(64·limbs) and maybe more than n. Each step makes a block of
// zeros at the low end of t by adding a multiple of n.
TEXT reduce<>(SB), NOSPLIT|NOFRAME, $0-0
	LEAQ modulus_t(BP), DI
	MOVQ DI, modulus_at(BP)
	MOVQ modulus_blocks(BP), AX
	MOVQ AX, modulus_outer(BP)
	MOVQ $0, modulus_top(BP)

step:
	LEAQ modulus_n(BP), SI
	MOVQ modulus_blocks(BP), AX
	MOVQ AX, modulus_left(BP)
	LOAD8
	CLEAR(0, R8, R9, R10, R11, R12, R13, R14, R15)
	CLEAR(1, R9, R10, R11, R12, R13, R14, R15, R8)
	CLEAR(2, R10, R11, R12, R13, R14, R15, R8, R9)
	CLEAR(3, R11, R12, R13, R14, R15, R8, R9, R10)
	CLEAR(4, R12, R13, R14, R15, R8, R9, R10, R11)
	CLEAR(5, R13, R14, R15, R8, R9, R10, R11, R12)
	CLEAR(6, R14, R15, R8, R9, R10, R11, R12, R13)
	CLEAR(7, R15, R8, R9, R10, R11, R12, R13, R14)
	ADDQ $64, SI
	ADDQ $64, DI
	DECQ modulus_left(BP)
	XORL AX, AX
	ADC8
	SBBQ AX, AX
	MOVQ AX, modulus_inner(BP)
	CALL rows<>(SB)
	MOVQ modulus_at(BP), DI
	ADDQ $64, DI
	MOVQ DI, modulus_at(BP)
	DECQ modulus_outer(BP)
	JNZ  step

	// Less n where it did not fit.
	LEAQ modulus_n(BP), SI
	MOVQ modulus_out(BP), CX
	MOVQ modulus_blocks(BP), AX
	MOVQ AX, modulus_outer(BP)
	MOVQ modulus_top(BP), BX
	XORL AX, AX

less:
	MASKED(0, R8)
	MASKED(1, R9)
	MASKED(2, R10)
	MASKED(3, R11)
	MASKED(4, R12)
	MASKED(5, R13)
	MASKED(6, R14)
	MASKED(7, R15)
	ADDQ AX, AX // CF
	LESS(0, R8)
	LESS(1, R9)
	LESS(2, R10)
	LESS(3, R11)
	LESS(4, R12)
	LESS(5, R13)
	LESS(6, R14)
	LESS(7, R15)
	SBBQ AX, AX
	ADDQ $64, SI
	ADDQ $64, DI
	ADDQ $64, CX
	DECQ modulus_outer(BP)
	JNZ  less
	RET

// func montMul(m *modulus, z, x, y *uint64)
TEXT ·montMul(SB), 0, $8-32
	MOVQ m+0(FP), BP
	MOVQ z+8(FP), AX
	MOVQ AX, modulus_out(BP)
	MOVQ x+16(FP), AX
	MOVQ AX, modulus_in(BP)
	MOVQ y+24(FP), SI
	CALL multiply<>(SB)
	CALL reduce<>(SB)
	RET

// func montSquare(m *modulus, z, x *uint64, times uint64)
TEXT ·montSquare(SB), 0, $8-32
	MOVQ m+0(FP), BP
	MOVQ z+8(FP), AX
	MOVQ AX, modulus_out(BP)
	MOVQ x+16(FP), AX
	MOVQ AX, modulus_in(BP)

again:
	CALL square<>(SB)
	CALL reduce<>(SB)
	MOVQ modulus_out(BP), AX
	MOVQ AX, modulus_in(BP)
	DECQ times+24(FP)
	JNZ  again
	RET

// func montReduce(m *modulus, z *uint64)
TEXT ·montReduce(SB), 0, $8-16
	MOVQ m+0(FP), BP
	MOVQ z+8(FP), AX
	MOVQ AX, modulus_out(BP)
	CALL reduce<>(SB)
	RET

// func wideMul(m *modulus, x, y *uint64)
TEXT ·wideMul(SB), 0, $8-24
	MOVQ m+0(FP), BP
	MOVQ x+8(FP), AX
	MOVQ AX, modulus_in(BP)
	MOVQ y+16(FP), SI
	CALL multiply<>(SB)
	RET

// PICK: one entry of the table, if Y4 (its number in every lane) is Y5 (the wanted one).
#define PICK \
	VPCMPEQQ Y4, Y5, Y7     \
	VPADDQ   Y6, Y4, Y4     \
	VPAND    0(SI), Y7, Y8  \
	VPAND    32(SI), Y7, Y9 \
	VPOR     Y8, Y0, Y0     \
	VPOR     Y9, Y1, Y1     \
	ADDQ     AX, SI

// func choose(z, table *uint64, index, blocks uint64)
//
// Reads all entries of the table, and keeps the one at the index: block by block, 32 entries each.
TEXT ·choose(SB), NOSPLIT, $0-32
	MOVQ z+0(FP), DI
	MOVQ table+8(FP), DX
	MOVQ blocks+24(FP), CX
	MOVQ CX, AX
	SHLQ $6, AX // bytes of an entry

	VPBROADCASTQ index+16(FP), Y5
	VPCMPEQQ     Y6, Y6, Y6
	VPSRLQ       $63, Y6, Y6 // 1

block:
	MOVQ  DX, SI
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y4, Y4, Y4
	MOVQ  $8, BX

entries:
	PICK
	PICK
	PICK
	PICK
	DECQ    BX
	JNZ     entries
	VMOVDQU Y0, 0(DI)
	VMOVDQU Y1, 32(DI)
	ADDQ    $64, DI
	ADDQ    $64, DX
	DECQ    CX
	JNZ     block
	VZEROUPPER
	RET
