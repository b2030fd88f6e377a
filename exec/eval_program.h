/* eval_program.h - what eval_compile.c makes and eval.c runs; nobody else reads it. */
#pragma once
#include "exec/eval.h"

typedef enum EvalOp {
    EVAL_COLUMN,     /* reg = column of the batch */
    EVAL_CONST,      /* reg = constant */
    EVAL_CALL,       /* reg = kernel(args) */
    EVAL_AND_START,  /* acc = TRUE in all lanes; inner = mask */
    EVAL_AND_STEP,   /* acc &= src; inner = mask and not FALSE; jump if inner is empty */
    EVAL_OR_START,   /* acc = FALSE in all lanes; inner = mask */
    EVAL_OR_STEP,    /* acc |= src; inner = mask and not TRUE; jump if inner is empty */
    EVAL_ACC_STORE,  /* reg = acc as a column */
    EVAL_CASE_START, /* reg = column to be filled; inner (the lanes without a value) = mask */
    EVAL_CASE_WHEN,  /* hit = inner and src; inner loses hit; jump if hit is empty */
    EVAL_CASE_FILL,  /* reg takes src's lanes of mask */
    EVAL_CASE_NULL,  /* reg's lanes of inner become NULL */
    EVAL_JUMP_EMPTY, /* jump if inner is empty */
    EVAL_FILTER,     /* inner = mask and TRUE; jump if inner is empty */
} EvalOp;

/* Masks are numbered too; mask 0 is all lanes of the batch. An accumulator of three-valued logic
 * is two of them: acc holds the TRUE lanes, acc + 1 the FALSE ones. */
typedef struct EvalInstr {
    EvalOp op;
    u32 reg;   /* written */
    u32 src;   /* read */
    u32 mask;  /* the lanes that matter */
    u32 inner; /* mask written (AND, OR, CASE, FILTER) */
    u32 acc;   /* accumulator, or the mask of hits of CASE_WHEN */
    u32 jump;  /* next instruction where nothing is left to do */
    const BoundExpr *e;
    u32 nargs;
    const u32 *args; /* registers */
} EvalInstr;

struct EvalProgram {
    Arena *arena;
    const Session *session;
    EvalInstr *at;
    u32 len, cap;
    u32 nregs, nmasks, nargs_max;
    u32 nresults;
    u32 *results;    /* registers, one per expression */
    u32 filter_mask; /* of eval_compile_filter: the rows that pass */
};
