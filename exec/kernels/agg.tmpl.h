/* agg.tmpl.h - the loops of an aggregate over one argument. Include after defining
 *
 *     NAME(fn)    name of the function for update, update_one, retract
 *     STATE       struct in the group's row
 *     SLOT        slot type of the argument
 *     ADD(s, x)   statement: take value x into *s
 *     SUB(s, x)   statement: take it off again; leave undefined if that cannot be done
 *
 * lanes says which lanes count; NULL is all of them, and has a loop without a branch. */
static void
NAME(update)(const AggCall *c, u8 *const *rows, u32 at, const Vector *args, const u64 *lanes, u32 n)
{
    (void)c;
    const SLOT *x = vector_data(&args[0], const SLOT);
    if (!lanes) {
        for (u32 i = 0; i < n; i++) {
            STATE *s = (STATE *)(void *)(rows[i] + at);
            ADD(s, x[i]);
        }
        return;
    }
    for (u32 from = 0; from < n; from += 64) {
        for (u64 m = lanes_word(lanes, from, n); m; m &= m - 1) {
            u32 i = from + (u32)__builtin_ctzll(m);
            STATE *s = (STATE *)(void *)(rows[i] + at);
            ADD(s, x[i]);
        }
    }
}

static void
NAME(update_one)(const AggCall *c, u8 *state, const Vector *args, const u64 *lanes, u32 n)
{
    (void)c;
    const SLOT *x = vector_data(&args[0], const SLOT);
    STATE *s = (STATE *)(void *)state;
    if (!lanes) {
        for (u32 i = 0; i < n; i++) ADD(s, x[i]);
        return;
    }
    for (u32 from = 0; from < n; from += 64) {
        for (u64 m = lanes_word(lanes, from, n); m; m &= m - 1)
            ADD(s, x[from + (u32)__builtin_ctzll(m)]);
    }
}

#ifdef SUB
static void
NAME(retract)(const AggCall *c, u8 *const *rows, u32 at, const Vector *args, const u64 *lanes,
              u32 n)
{
    (void)c;
    const SLOT *x = vector_data(&args[0], const SLOT);
    for (u32 from = 0; from < n; from += 64) {
        for (u64 m = lanes_word(lanes, from, n); m; m &= m - 1) {
            u32 i = from + (u32)__builtin_ctzll(m);
            STATE *s = (STATE *)(void *)(rows[i] + at);
            SUB(s, x[i]);
        }
    }
}
#undef SUB
#endif
#undef NAME
#undef STATE
#undef SLOT
#undef ADD
