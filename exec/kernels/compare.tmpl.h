/* compare.tmpl.h - the six comparisons of one slot type. Include after defining
 *
 *     SLOT      slot type of both sides
 *     NAME(op)  name of the function for eq, ne, lt, le, gt, ge */
#define KERNEL NAME(eq)
#define LEFT SLOT
#define RIGHT SLOT
#define OUT u8
#define EXPR l == r
#include "exec/kernels/binary.tmpl.h"
#define KERNEL NAME(ne)
#define LEFT SLOT
#define RIGHT SLOT
#define OUT u8
#define EXPR l != r
#include "exec/kernels/binary.tmpl.h"
#define KERNEL NAME(lt)
#define LEFT SLOT
#define RIGHT SLOT
#define OUT u8
#define EXPR l < r
#include "exec/kernels/binary.tmpl.h"
#define KERNEL NAME(le)
#define LEFT SLOT
#define RIGHT SLOT
#define OUT u8
#define EXPR l <= r
#include "exec/kernels/binary.tmpl.h"
#define KERNEL NAME(gt)
#define LEFT SLOT
#define RIGHT SLOT
#define OUT u8
#define EXPR l > r
#include "exec/kernels/binary.tmpl.h"
#define KERNEL NAME(ge)
#define LEFT SLOT
#define RIGHT SLOT
#define OUT u8
#define EXPR l >= r
#include "exec/kernels/binary.tmpl.h"
#undef SLOT
#undef NAME
