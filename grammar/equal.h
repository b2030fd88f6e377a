/* equal.h - what the two comparing files share; private to the room. */
#pragma once
#include "grammar/ast_equal.h"

/* Lists are equal when they are as long and same(a[i], b[i]) for all i. */
#define LIST_EQUAL(a_at, a_len, b_at, b_len, same)                                                 \
    ({                                                                                             \
        bool list_equal_ = (a_len) == (b_len);                                                     \
        for (u32 li_ = 0; list_equal_ && li_ < (a_len); li_++) {                                   \
            list_equal_ = same((a_at)[li_], (b_at)[li_]);                                          \
        }                                                                                          \
        list_equal_;                                                                               \
    })

bool text_equal(Str a, Str b); /* an absent text equals an absent one only */
bool name_equal(Name a, Name b);
bool names_equal(NameList a, NameList b);
bool path_equal(Path a, Path b);
bool exprs_equal(ExprList a, ExprList b);
bool orders_equal(OrderList a, OrderList b);
bool texts_equal(StrList a, StrList b);
bool options_equal(OptionList a, OptionList b);
bool hints_equal(HintList a, HintList b);
bool spec_equal(const WindowSpec *a, const WindowSpec *b);
bool table_equal(const TableRef *a, const TableRef *b);
