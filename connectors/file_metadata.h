/* file_metadata.h - METADATA columns of files: where a row comes from. */
#pragma once
#include "connectors/file_list.h"
#include "connectors/filesystem.h"

/* W2013 with the nearest key, W2005 when the type does not fit. */
Status file_metadata_check(const FieldSpec *f, Err *err);
/* The key's value for rows of a file. */
Vector file_metadata_vector(const FieldSpec *f, const ListedFile *file, u32 rows);
