/* json_levels.c - which copy of the JSON code that is compiled per processor level to take. */
#include "connectors/json_lines.h"

#if defined(__x86_64__)
extern const JsonSimd json_simd_v2, json_simd_v3, json_simd_v4;
extern const JsonIndexer json_indexer_v2, json_indexer_v3, json_indexer_v4;
extern const JsonLoops json_loops_v2, json_loops_v3, json_loops_v4;

const JsonSimd *
json_simd_at(CpuLevel level)
{
    if (level >= CPU_V4) return &json_simd_v4;
    return level >= CPU_V3 ? &json_simd_v3 : &json_simd_v2;
}

const JsonIndexer *
json_indexer_at(CpuLevel level)
{
    if (level >= CPU_V4) return &json_indexer_v4;
    return level >= CPU_V3 ? &json_indexer_v3 : &json_indexer_v2;
}

const JsonLoops *
json_loops_at(CpuLevel level)
{
    if (level >= CPU_V4) return &json_loops_v4;
    return level >= CPU_V3 ? &json_loops_v3 : &json_loops_v2;
}
#else
extern const JsonSimd json_simd_base;
extern const JsonIndexer json_indexer_base;
extern const JsonLoops json_loops_base;

const JsonSimd *
json_simd_at(CpuLevel level)
{
    (void)level;
    return &json_simd_base;
}

const JsonIndexer *
json_indexer_at(CpuLevel level)
{
    (void)level;
    return &json_indexer_base;
}

const JsonLoops *
json_loops_at(CpuLevel level)
{
    (void)level;
    return &json_loops_base;
}
#endif
