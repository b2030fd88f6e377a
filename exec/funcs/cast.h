/* cast.h - CAST and TRY_CAST between all types that Flink allows. */
#pragma once
#include "catalog/func.h"

/* FuncTable.cast_bind: call has one argument; sets ret (nullable as the argument is, always for
 * TRY_CAST), kernel, data and def (the CAST or TRY_CAST row). arg_type stays. W2006 if there is no
 * such cast. */
Status cast_bind(FuncCall *call, Type to, bool try_cast, Err *err) MUST_USE;
