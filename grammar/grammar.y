// grammar.y - the language: statements, queries, expressions, types, in this order.
//
// Actions only build nodes (build.h) and never look a name up. Many small words arrive here as
// one token already (phrases.def), which is what keeps this an LALR(1) grammar while most words
// stay usable as names: %fallback turns a keyword into a name wherever the parser's state has no
// use for it as a keyword.
%name          weir_parser
%token_prefix  TK_
%token_type    {Token}
%default_type  {int}
%extra_argument {Parse *p}
// 4,096 states: 256 open brackets take about ten each.
%stack_size    4096
%include {
#include "grammar/build.h"
#define YYNOERRORRECOVERY 1
}
%syntax_error { (void)yymajor; (void)yyminor; p->failed = true; }
%stack_overflow {
    parse_fail(p, W1005, p->end ? p->end - 1 : 0, 1, "the statement is nested too deeply", NULL);
}

%token START_STMT START_EXPR START_QUERY.
// A reserved word that only counts in phrases.
%token IS.
%fallback ID
    ADD AFTER ALTER ANALYZE ANY ARRAY ARRAY_OF ASC BARE BOTH BUCKETS BY CASCADE CATALOG CATALOGS
    COLUMNS COMMENT CONSTRAINT COPY CUBE DATABASE DATABASES DEFAULT DEFINE DESC DESCRIBE
    DISTRIBUTED DRAIN DROP END ENFORCED ESCAPE EXCLUDING EXPLAIN EXTENDED FIRST FOLLOWING FOR
    FUNCTION FUNCTIONS HASH IF ILIKE INCLUDING INDEX INDEXES INPUT INTERVAL_TYPE JOB JOBS KEY
    LANGUAGE LAST LEADING MAP_OF MEASURES METADATA MODEL MODELS MODIFY MODULES MULTISET
    MULTISET_OF NEXT ONLY ORDINALITY OUTER OUTPUT OVERLAPS OVERWRITE OVERWRITING PARTITION
    PARTITIONED PARTITIONS PATTERN PERMUTE PLACING PLAN PRECEDING PRECISION RANGE_WORD RENAME
    REPLACE RESET RESTRICT RETURN RETURNING RETURNS RLIKE ROLLUP ROW_OF ROW_WORD SAVEPOINT SET
    SETTINGS SHOW STATEMENT STOP SUBSET SUMMARIZE SYSTEM TABLES TEMPORARY TO TRAILING
    TYPED_STRING UNIQUE USE VALUE VARYING VIEW VIEWS VIRTUAL WATERMARK WITHIN.

// Calcite's order, from loose to tight.
%left OR.
%left AND.
%right NOT.
%left IS_TEST.
%left EQ NE LT GT LE GE OVERLAPS IS_DISTINCT.
%left BETWEEN IN LIKE ILIKE RLIKE SIMILAR_TO.
%left ESCAPE.
%left PLUS MINUS.
%left STAR SLASH PERCENT CONCAT.
%right UNARY.
%left COLONS.
%left LBRACKET DOT.
// Shift rather than end the construct: f(x) IGNORE NULLS, TABLE t ORDER BY, DAY TO SECOND.
%right NULL_TREATMENT ORDER TO.

%start_symbol input
input ::= START_STMT stmt(S).   { p->stmt = S; }
input ::= START_EXPR expr(E).   { p->expr = E; }
input ::= START_QUERY query(Q). { p->query = Q; }

// ---- Names, lists of names, options ----

%type nm {Name}
nm(N) ::= ID(T). { N = name_make(p, T); }
%type path {Path}
path(P) ::= nm(N).              { P = path_add(p, (Path){0}, N); }
path(P) ::= path(A) DOT nm(N).  { P = path_add(p, A, N); }
%type names {NameList}
names(L) ::= nm(N).                { L = (NameList){0}; list_push(p, L, N); }
names(L) ::= names(A) COMMA nm(N). { L = A; list_push(p, L, N); }
%type names_opt {NameList}
names_opt(L) ::= .                        { L = (NameList){0}; }
names_opt(L) ::= LPAREN names(A) RPAREN.  { L = A; }

%type option {OptionDef}
option(O) ::= STRING(K) EQ STRING(V). {
    O = (OptionDef){string_make(p, K), string_make(p, V), K.pos, K.width, V.pos, V.width};
}
%type options {OptionList}
options(L) ::= option(O).                   { L = (OptionList){0}; list_push(p, L, O); }
options(L) ::= options(A) COMMA option(O).  { L = A; list_push(p, L, O); }
%type options_paren {OptionList}
options_paren(L) ::= LPAREN RPAREN.            { L = (OptionList){0}; }
options_paren(L) ::= LPAREN options(A) RPAREN. { L = A; }
%type with_opt {OptionList}
with_opt(L) ::= .                       { L = (OptionList){0}; }
with_opt(L) ::= WITH options_paren(A).  { L = A; }
%type strings {StrList}
strings(L) ::= STRING(S).                  { L = (StrList){0}; Str s = string_make(p, S); list_push(p, L, s); }
strings(L) ::= strings(A) COMMA STRING(S). { L = A; Str s = string_make(p, S); list_push(p, L, s); }
%type comment_opt {Str}
comment_opt(S) ::= .                   { S = (Str){0}; }
comment_opt(S) ::= COMMENT STRING(T).  { S = string_make(p, T); }

%type hints_opt {HintList}
hints_opt(L) ::= .                                { L = (HintList){0}; }
hints_opt(L) ::= HINT_BEGIN hints(A) HINT_END.    { L = A; }
%type hints {HintList}
hints(L) ::= hint(H).                 { L = (HintList){0}; list_push(p, L, H); }
hints(L) ::= hints(A) COMMA hint(H).  { L = A; list_push(p, L, H); }
hints(L) ::= hints(A) hint(H).        { L = A; list_push(p, L, H); }
%type hint {Hint}
hint(H) ::= nm(N).                       { H = (Hint){.name = N, .pos = N.pos, .width = N.width}; }
hint(H) ::= nm(N) LPAREN RPAREN.         { H = (Hint){.name = N, .pos = N.pos, .width = span_to_end(p, N.pos)}; }
hint(H) ::= nm(N) LPAREN hint_pairs(O) RPAREN. {
    H = (Hint){.name = N, .options = O, .pos = N.pos, .width = span_to_end(p, N.pos)};
}
hint(H) ::= nm(N) LPAREN hint_args(A) RPAREN. {
    H = (Hint){.name = N, .args = A, .pos = N.pos, .width = span_to_end(p, N.pos)};
}
%type hint_pairs {OptionList}
hint_pairs(L) ::= hint_pair(O).                      { L = (OptionList){0}; list_push(p, L, O); }
hint_pairs(L) ::= hint_pairs(A) COMMA hint_pair(O).  { L = A; list_push(p, L, O); }
%type hint_pair {OptionDef}
hint_pair(O) ::= STRING(K) EQ STRING(V). {
    O = (OptionDef){string_make(p, K), string_make(p, V), K.pos, K.width, V.pos, V.width};
}
hint_pair(O) ::= nm(K) EQ STRING(V). {
    O = (OptionDef){K.text, string_make(p, V), K.pos, K.width, V.pos, V.width};
}
%type hint_args {StrList}
hint_args(L) ::= hint_arg(S).                     { L = (StrList){0}; list_push(p, L, S); }
hint_args(L) ::= hint_args(A) COMMA hint_arg(S).  { L = A; list_push(p, L, S); }
%type hint_arg {Str}
hint_arg(S) ::= STRING(T).   { S = string_make(p, T); }
hint_arg(S) ::= nm(N).       { S = N.text; }
hint_arg(S) ::= INTEGER(T).  { S = token_text(p, T); }

%type if_exists {bool}
if_exists(B) ::= .                { B = false; }
if_exists(B) ::= IF EXISTS.       { B = true; }
%type if_not_exists {bool}
if_not_exists(B) ::= .               { B = false; }
if_not_exists(B) ::= IF NOT EXISTS.  { B = true; }

// ---- Statements: queries and jobs ----

%type stmt {Stmt *}
stmt(S) ::= job(A).      { S = A; }
stmt(S) ::= ddl(A).      { S = A; }
stmt(S) ::= looking(A).  { S = A; }
stmt(S) ::= EXPLAIN(T) explain_details(D) job(I). {
    S = stmt_new(p, STMT_EXPLAIN, T.pos); S->explain = D; D->stmt = I;
}
stmt(S) ::= EXPLAIN(T) explain_details(D) create_table(I). {
    S = stmt_new(p, STMT_EXPLAIN, T.pos); S->explain = D; D->stmt = I;
}
%type explain_details {Explain *}
explain_details(D) ::= .            { D = arena_make(p->arena, Explain); }
explain_details(D) ::= PLAN FOR.    { D = arena_make(p->arena, Explain); }
explain_details(D) ::= ANALYZE.     { D = arena_make(p->arena, Explain); D->details = EXPLAIN_ANALYZE; }
explain_details(D) ::= detail_list(A). { D = A; }
%type detail_list {Explain *}
detail_list(D) ::= ID(T).                      { D = arena_make(p->arena, Explain); explain_detail(p, D, T); }
detail_list(D) ::= detail_list(A) COMMA ID(T). { D = A; explain_detail(p, D, T); }

%type job {Stmt *}
job(S) ::= query(Q).          { S = stmt_new(p, STMT_QUERY, Q->pos); S->query = Q; }
job(S) ::= EXECUTE(T) query(Q). { S = stmt_new(p, STMT_QUERY, T.pos); S->query = Q; }
job(S) ::= insert(A).         { S = A; }
job(S) ::= EXECUTE(T) insert(A). { S = A; S->pos = T.pos; S->width = span_to_end(p, T.pos); S->insert->execute = true; }
job(S) ::= BEGIN_SET(T) SEMI inserts(L) END. {
    S = stmt_new(p, STMT_STATEMENT_SET, T.pos); S->set = arena_make(p->arena, StatementSet);
    *S->set = (StatementSet){true, L.at, L.len};
}
job(S) ::= EXECUTE_SET(T) inserts(L) END. {
    S = stmt_new(p, STMT_STATEMENT_SET, T.pos); S->set = arena_make(p->arena, StatementSet);
    *S->set = (StatementSet){false, L.at, L.len};
}
%type inserts {StmtList}
inserts(L) ::= insert(S) SEMI.             { L = (StmtList){0}; list_push(p, L, S); }
inserts(L) ::= inserts(A) insert(S) SEMI.  { L = A; list_push(p, L, S); }

%type insert {Stmt *}
insert(S) ::= insert_head(A) hints_opt(H) partition_opt(P) query(Q). {
    S = A; S->width = span_to_end(p, S->pos);
    Insert *i = S->insert;
    i->hints = H; i->partition = P->at; i->partition_len = P->len; i->query = Q;
}
insert(S) ::= insert_head(A) hints_opt(H) partition_opt(P) LPAREN names(C) RPAREN query(Q). {
    S = A; S->width = span_to_end(p, S->pos);
    Insert *i = S->insert;
    i->hints = H; i->partition = P->at; i->partition_len = P->len; i->columns = C; i->query = Q;
}
%type insert_head {Stmt *}
insert_head(S) ::= INSERT(T) INTO path(P).            { S = stmt_new(p, STMT_INSERT, T.pos); S->insert = arena_make(p->arena, Insert); S->insert->table = P; }
insert_head(S) ::= INSERT(T) OVERWRITE table_word path(P). { S = stmt_new(p, STMT_INSERT, T.pos); S->insert = arena_make(p->arena, Insert); S->insert->table = P; S->insert->overwrite = true; }
table_word ::= .
table_word ::= TABLE.
%include { typedef struct PartitionList { PartitionValue *at; u32 len; } PartitionList; }
%type partition_opt {PartitionList *}
partition_opt(L) ::= .                                     { L = arena_make(p->arena, PartitionList); }
partition_opt(L) ::= PARTITION LPAREN partitions(A) RPAREN. { L = A; }
%type partitions {PartitionList *}
partitions(L) ::= partition(V).                      { L = arena_make(p->arena, PartitionList); list_push(p, *L, V); }
partitions(L) ::= partitions(A) COMMA partition(V).  { L = A; list_push(p, *L, V); }
%type partition {PartitionValue}
partition(V) ::= nm(N).             { V = (PartitionValue){N, NULL}; }
partition(V) ::= nm(N) EQ expr(E).  { V = (PartitionValue){N, E}; }

// ---- Statements: definitions ----

%type ddl {Stmt *}
ddl(S) ::= create_table(A). { S = A; }
%type create_head {CreateHead}
create_head(H) ::= CREATE(T) or_replace(R) temporary(M). { H = (CreateHead){T.pos, R, M}; }
%type or_replace {bool}
or_replace(B) ::= .            { B = false; }
or_replace(B) ::= OR REPLACE.  { B = true; }
%type temporary {bool}
temporary(B) ::= .                  { B = false; }
temporary(B) ::= TEMPORARY.         { B = true; }
temporary(B) ::= TEMPORARY SYSTEM.  { B = true; }

%type create_table {Stmt *}
create_table(S) ::= create_table_head(A). { S = A; S->width = span_to_end(p, S->pos); }
create_table(S) ::= create_table_head(A) AS query(Q). {
    S = A; S->width = span_to_end(p, S->pos); S->create_table->query = Q;
}
create_table(S) ::= create_table_head(A) LIKE path(P) like_options(L). {
    S = A; S->width = span_to_end(p, S->pos);
    S->create_table->like = P;
    S->create_table->like_options = L->like_options; S->create_table->like_options_len = L->like_options_len;
}
%type create_table_head {Stmt *}
create_table_head(S) ::= create_head(H) TABLE if_not_exists(X) path(N) elems_opt(E) comment_opt(C)
                         distribution(D) partitioned_opt(B) table_with(W). {
    S = stmt_new(p, STMT_CREATE_TABLE, H.pos);
    CreateTable *t = S->create_table = W;
    t->name = N; t->or_replace = H.or_replace; t->temporary = H.temporary; t->if_not_exists = X;
    t->elems = *E; t->comment = C; t->partitioned_by = B;
    t->distribution = D->distribution; t->distributed_by = D->distributed_by; t->buckets = D->buckets;
}
%type table_with {CreateTable *}
table_with(T) ::= .                      { T = arena_make(p->arena, CreateTable); }
table_with(T) ::= WITH options_paren(L). { T = arena_make(p->arena, CreateTable); T->options = L; T->has_with = true; }
%type distribution {CreateTable *}
distribution(T) ::= .                           { T = arena_make(p->arena, CreateTable); T->buckets = -1; }
distribution(T) ::= DISTRIBUTED INTO INTEGER(N) BUCKETS. {
    T = arena_make(p->arena, CreateTable); T->distribution = DISTRIBUTION_UNSAID;
    T->buckets = integer_make(p, N, INT32_MAX);
}
distribution(T) ::= DISTRIBUTED BY dist_kind(K) LPAREN names(L) RPAREN buckets_opt(B). {
    T = arena_make(p->arena, CreateTable); T->distribution = K; T->distributed_by = L; T->buckets = B;
}
%type dist_kind {DistributionKind}
dist_kind(K) ::= .       { K = DISTRIBUTION_UNSAID; }
dist_kind(K) ::= HASH.   { K = DISTRIBUTION_HASH; }
dist_kind(K) ::= RANGE_WORD.  { K = DISTRIBUTION_RANGE; }
%type buckets_opt {i64}
buckets_opt(B) ::= .                        { B = -1; }
buckets_opt(B) ::= INTO INTEGER(N) BUCKETS. { B = integer_make(p, N, INT32_MAX); }
%type partitioned_opt {NameList}
partitioned_opt(L) ::= .                                      { L = (NameList){0}; }
partitioned_opt(L) ::= PARTITIONED BY LPAREN names(A) RPAREN. { L = A; }
%type like_options {CreateTable *}
like_options(T) ::= .                                 { T = arena_make(p->arena, CreateTable); }
like_options(T) ::= LPAREN like_list(A) RPAREN.       { T = A; }
%type like_list {CreateTable *}
like_list(T) ::= .                                   { T = arena_make(p->arena, CreateTable); }
like_list(T) ::= like_list(A) INCLUDING like_feature(F).    { T = A; like_option(p, T, LIKE_INCLUDING, F); }
like_list(T) ::= like_list(A) EXCLUDING like_feature(F).    { T = A; like_option(p, T, LIKE_EXCLUDING, F); }
like_list(T) ::= like_list(A) OVERWRITING like_feature(F).  { T = A; like_option(p, T, LIKE_OVERWRITING, F); }
%type like_feature {Token}
like_feature(F) ::= ALL(T).  { F = T; }
like_feature(F) ::= ID(T).   { F = T; }

%type elems_opt {TableElems *}
elems_opt(E) ::= .                         { E = arena_make(p->arena, TableElems); }
elems_opt(E) ::= LPAREN elems(A) RPAREN.   { E = A; }
%type elems {TableElems *}
elems(E) ::= elem_first(A).                { E = A; }
elems(E) ::= elems_comma(A) column(C).     { E = A; elems_column(p, E, C); }
elems(E) ::= elems_comma(A) constraint(C). { E = A; E->constraints = list_room(p->arena, E->constraints, E->constraints_len, sizeof C); E->constraints[E->constraints_len++] = C; }
elems(E) ::= elems_comma(A) watermark(W).  { E = A; E->watermarks = list_room(p->arena, E->watermarks, E->watermarks_len, sizeof W); E->watermarks[E->watermarks_len++] = W; }
%type elems_comma {TableElems *}
elems_comma(E) ::= elems(A) COMMA. { E = A; }
%type elem_first {TableElems *}
elem_first(E) ::= column(C).     { E = arena_make(p->arena, TableElems); elems_column(p, E, C); }
elem_first(E) ::= constraint(C). { E = arena_make(p->arena, TableElems); E->constraints = list_room(p->arena, NULL, 0, sizeof C); E->constraints[E->constraints_len++] = C; }
elem_first(E) ::= watermark(W).  { E = arena_make(p->arena, TableElems); E->watermarks = list_room(p->arena, NULL, 0, sizeof W); E->watermarks[E->watermarks_len++] = W; }

%type column {ColumnParts *}
column(C) ::= nm(N). {
    C = arena_make(p->arena, ColumnParts);
    C->def = (ColumnDef){.name = N, .kind = COLUMN_NAMED, .pos = N.pos, .width = N.width};
}
column(C) ::= nm(N) typename(T) column_opts(A). {
    C = A; C->def.name = N; C->def.type = T; C->def.pos = N.pos; C->def.width = span_to_end(p, N.pos);
    T->nulls = C->flags & COLUMN_FLAG_NOT_NULL ? NULLS_NOT : C->flags & COLUMN_FLAG_NULL ? NULLS_ALLOWED : T->nulls;
}
column(C) ::= nm(N) AS expr(E) comment_opt(S). {
    C = arena_make(p->arena, ColumnParts);
    C->def = (ColumnDef){.name = N, .kind = COLUMN_COMPUTED, .expr = E, .comment = S, .pos = N.pos, .width = span_to_end(p, N.pos)};
}
%type column_opts {ColumnParts *}
column_opts(C) ::= .                                 { C = arena_make(p->arena, ColumnParts); }
column_opts(C) ::= column_opts(A) NOT NULL.          { C = A; C->flags |= COLUMN_FLAG_NOT_NULL; }
column_opts(C) ::= column_opts(A) NULL.              { C = A; C->flags |= COLUMN_FLAG_NULL; }
column_opts(C) ::= column_opts(A) PRIMARY_KEY enforced(F). { C = A; C->flags |= COLUMN_FLAG_PRIMARY_KEY; C->enforced = F; }
column_opts(C) ::= column_opts(A) UNIQUE.            { C = A; C->flags |= COLUMN_FLAG_UNIQUE; }
column_opts(C) ::= column_opts(A) COMMENT STRING(S). { C = A; C->def.comment = string_make(p, S); }
column_opts(C) ::= column_opts(A) METADATA.          { C = A; C->def.kind = COLUMN_METADATA; }
column_opts(C) ::= column_opts(A) METADATA FROM STRING(S). { C = A; C->def.kind = COLUMN_METADATA; C->def.metadata_key = string_make(p, S); }
column_opts(C) ::= column_opts(A) VIRTUAL.           { C = A; C->def.is_virtual = true; }
%type enforced {Enforced}
enforced(F) ::= .             { F = ENFORCED_UNSAID; }
enforced(F) ::= ENFORCED(T).  { F = T.negated ? ENFORCED_NOT : ENFORCED_YES; }

%type constraint {ConstraintDef}
constraint(C) ::= constraint_body(B). { C = B; }
constraint(C) ::= CONSTRAINT(T) nm(N) constraint_body(B). { C = B; C.name = N; C.pos = T.pos; C.width = span_to_end(p, T.pos); }
%type constraint_body {ConstraintDef}
constraint_body(C) ::= PRIMARY_KEY(T) LPAREN names(L) RPAREN enforced(F). {
    C = (ConstraintDef){.kind = CONSTRAINT_PRIMARY_KEY, .enforced = F, .columns = L, .pos = T.pos, .width = span_to_end(p, T.pos)};
}
constraint_body(C) ::= UNIQUE(T) LPAREN names(L) RPAREN enforced(F). {
    C = (ConstraintDef){.kind = CONSTRAINT_UNIQUE, .enforced = F, .columns = L, .pos = T.pos, .width = span_to_end(p, T.pos)};
}
%type watermark {WatermarkDef}
watermark(W) ::= WATERMARK(T) FOR path(C) AS expr(E). { W = (WatermarkDef){C, E, T.pos, span_to_end(p, T.pos)}; }

ddl(S) ::= ALTER(T) TABLE if_exists(X) path(N) alter(A). {
    S = stmt_new(p, STMT_ALTER, T.pos); S->alter = A; A->if_exists = X; A->name = N;
}
ddl(S) ::= ALTER(T) VIEW if_exists(X) path(N) RENAME(K) TO path(P). {
    S = stmt_new(p, STMT_ALTER, T.pos); S->alter = arena_make(p->arena, Alter);
    *S->alter = (Alter){.view = true, .if_exists = X, .name = N, .kind = ALTER_RENAME, .to = P, .kind_pos = K.pos, .kind_width = K.width};
}
ddl(S) ::= ALTER(T) VIEW if_exists(X) path(N) AS(K) query(Q). {
    S = stmt_new(p, STMT_ALTER, T.pos); S->alter = arena_make(p->arena, Alter);
    *S->alter = (Alter){.view = true, .if_exists = X, .name = N, .kind = ALTER_AS, .query = Q, .kind_pos = K.pos, .kind_width = K.width};
}
%include {
static Alter *
alter_new(Parse *p, AlterKind kind, Token t)
{
    Alter *a = arena_make(p->arena, Alter);
    a->kind = kind;
    a->kind_pos = t.pos;
    a->kind_width = t.width;
    return a;
}
}
%type alter {Alter *}
alter(A) ::= RENAME(T) TO path(P).          { A = alter_new(p, ALTER_RENAME, T); A->to = P; }
alter(A) ::= RENAME(T) path(C) TO nm(N).    { A = alter_new(p, ALTER_RENAME_COLUMN, T); A->column = C; A->new_column = N; }
alter(A) ::= SET(T) options_paren(L).       { A = alter_new(p, ALTER_SET, T); A->options = L; }
alter(A) ::= RESET(T) LPAREN strings(L) RPAREN. { A = alter_new(p, ALTER_RESET, T); A->keys = L; }
alter(A) ::= ADD(T) alter_elems(E).         { A = alter_new(p, ALTER_ADD, T); A->elems = *E; }
alter(A) ::= MODIFY(T) alter_elems(E).      { A = alter_new(p, ALTER_MODIFY, T); A->elems = *E; }
alter(A) ::= DROP(T) path(C).               { A = alter_new(p, ALTER_DROP_COLUMNS, T); A->columns = list_room(p->arena, NULL, 0, sizeof C); A->columns[A->columns_len++] = C; }
alter(A) ::= DROP LPAREN alter_columns(L) RPAREN. { A = L; }
alter(A) ::= DROP(T) PRIMARY_KEY.           { A = alter_new(p, ALTER_DROP_PRIMARY_KEY, T); }
alter(A) ::= DROP(T) CONSTRAINT nm(N).      { A = alter_new(p, ALTER_DROP_CONSTRAINT, T); A->column = path_add(p, (Path){0}, N); }
alter(A) ::= DROP_WATERMARK(T).             { A = alter_new(p, ALTER_DROP_WATERMARK, T); }
%type alter_columns {Alter *}
alter_columns(A) ::= path(C).                        { A = alter_new(p, ALTER_DROP_COLUMNS, (Token){.pos = C.pos, .width = C.width}); A->columns = list_room(p->arena, NULL, 0, sizeof C); A->columns[A->columns_len++] = C; }
alter_columns(A) ::= alter_columns(B) COMMA path(C). { A = B; A->columns = list_room(p->arena, A->columns, A->columns_len, sizeof C); A->columns[A->columns_len++] = C; }
%type alter_elems {TableElems *}
alter_elems(E) ::= alter_elem(A).                 { E = A; }
alter_elems(E) ::= LPAREN alter_list(A) RPAREN.   { E = A; }
%type alter_list {TableElems *}
alter_list(E) ::= alter_elem(A).                  { E = A; }
alter_list(E) ::= alter_list(A) COMMA alter_elem(B). {
    E = A;
    if (B->columns_len) {
        E->columns = list_room(p->arena, E->columns, E->columns_len, sizeof *E->columns);
        E->columns[E->columns_len++] = B->columns[0];
    }
    if (B->constraints_len) {
        E->constraints = list_room(p->arena, E->constraints, E->constraints_len, sizeof *E->constraints);
        E->constraints[E->constraints_len++] = B->constraints[0];
    }
    if (B->watermarks_len) {
        E->watermarks = list_room(p->arena, E->watermarks, E->watermarks_len, sizeof *E->watermarks);
        E->watermarks[E->watermarks_len++] = B->watermarks[0];
    }
}
%type alter_elem {TableElems *}
alter_elem(E) ::= elem_first(A).                { E = A; }
alter_elem(E) ::= elem_first(A) FIRST.          { E = A; if (E->columns_len) E->columns[0].place = PLACE_FIRST; }
alter_elem(E) ::= elem_first(A) AFTER nm(N).    { E = A; if (E->columns_len) { E->columns[0].place = PLACE_AFTER; E->columns[0].after = N; } }

ddl(S) ::= create_head(H) VIEW if_not_exists(X) path(N) view_columns(V) comment_opt(C) AS query(Q). {
    S = stmt_new(p, STMT_CREATE_VIEW, H.pos); S->create_view = V;
    V->name = N; V->or_replace = H.or_replace; V->temporary = H.temporary; V->if_not_exists = X;
    V->comment = C; V->query = Q; V->query_pos = Q->pos; V->query_width = Q->width;
}
%type view_columns {CreateView *}
view_columns(V) ::= .                              { V = arena_make(p->arena, CreateView); }
view_columns(V) ::= LPAREN view_list(A) RPAREN.    { V = A; }
%type view_list {CreateView *}
view_list(V) ::= nm(N) comment_opt(C).                     { V = arena_make(p->arena, CreateView); list_push(p, V->columns, N); list_push(p, V->column_comments, C); }
view_list(V) ::= view_list(A) COMMA nm(N) comment_opt(C).  { V = A; list_push(p, V->columns, N); list_push(p, V->column_comments, C); }

ddl(S) ::= create_head(H) FUNCTION if_not_exists(X) path(N) macro_params(F) RETURNS type(T) RETURN expr(E). {
    S = stmt_new(p, STMT_CREATE_FUNCTION, H.pos); S->create_function = F;
    F->name = N; F->or_replace = H.or_replace; F->temporary = H.temporary; F->if_not_exists = X;
    F->returns = T; F->body = E; F->body_pos = E->pos; F->body_width = E->width;
}
ddl(S) ::= create_head(H) FUNCTION if_not_exists(X) path(N) AS STRING(C) language(L). {
    S = stmt_new(p, STMT_CREATE_FUNCTION, H.pos); S->create_function = arena_make(p->arena, CreateFunction);
    *S->create_function = (CreateFunction){.name = N, .or_replace = H.or_replace, .temporary = H.temporary,
        .if_not_exists = X, .class_name = string_make(p, C), .language = L};
}
%type language {Str}
language(L) ::= .                  { L = (Str){0}; }
language(L) ::= LANGUAGE nm(N).    { L = text_upper(p, N.text); }
%type macro_params {CreateFunction *}
macro_params(F) ::= LPAREN RPAREN.                { F = arena_make(p->arena, CreateFunction); }
macro_params(F) ::= LPAREN macro_list(A) RPAREN.  { F = A; }
%type macro_list {CreateFunction *}
macro_list(F) ::= nm(N) type(T).                      { F = arena_make(p->arena, CreateFunction); F->params = list_room(p->arena, NULL, 0, sizeof *F->params); F->params[F->params_len++] = (MacroParam){N, T}; }
macro_list(F) ::= macro_list(A) COMMA nm(N) type(T).  { F = A; F->params = list_room(p->arena, F->params, F->params_len, sizeof *F->params); F->params[F->params_len++] = (MacroParam){N, T}; }

ddl(S) ::= create_head(H) MODEL if_not_exists(X) path(N) model_columns(M) comment_opt(C) with_opt(W). {
    S = stmt_new(p, STMT_CREATE_MODEL, H.pos); S->create_model = M;
    M->name = N; M->or_replace = H.or_replace; M->temporary = H.temporary; M->if_not_exists = X;
    M->comment = C; M->options = W;
}
%type model_columns {CreateModel *}
model_columns(M) ::= . { M = arena_make(p->arena, CreateModel); }
model_columns(M) ::= INPUT LPAREN elems(I) RPAREN OUTPUT LPAREN elems(O) RPAREN. {
    M = arena_make(p->arena, CreateModel); M->input = *I; M->output = *O;
}

ddl(S) ::= CREATE(T) CATALOG if_not_exists(X) nm(N) comment_opt(C) with_opt(W). {
    S = stmt_new(p, STMT_CREATE_SPACE, T.pos); S->create_space = arena_make(p->arena, CreateSpace);
    *S->create_space = (CreateSpace){true, path_add(p, (Path){0}, N), X, C, W};
}
ddl(S) ::= CREATE(T) DATABASE if_not_exists(X) path(N) comment_opt(C) with_opt(W). {
    S = stmt_new(p, STMT_CREATE_SPACE, T.pos); S->create_space = arena_make(p->arena, CreateSpace);
    *S->create_space = (CreateSpace){false, N, X, C, W};
}
ddl(S) ::= CREATE(T) unique_opt(U) INDEX if_not_exists(X) path(N) ON path(B) LPAREN orders(L) RPAREN. {
    S = stmt_new(p, STMT_CREATE_INDEX, T.pos); S->create_index = arena_make(p->arena, CreateIndex);
    *S->create_index = (CreateIndex){U, X, N, B, L};
}
%type unique_opt {bool}
unique_opt(B) ::= .        { B = false; }
unique_opt(B) ::= UNIQUE.  { B = true; }

ddl(S) ::= DROP(T) temporary(M) object(K) if_exists(X) path(N) drop_how(D). {
    S = stmt_new(p, STMT_DROP, T.pos); S->drop = D;
    D->object = K; D->temporary = M; D->if_exists = X; D->name = N;
}
%type object {ObjectKind}
object(K) ::= TABLE.     { K = OBJECT_TABLE; }
object(K) ::= VIEW.      { K = OBJECT_VIEW; }
object(K) ::= FUNCTION.  { K = OBJECT_FUNCTION; }
object(K) ::= MODEL.     { K = OBJECT_MODEL; }
object(K) ::= CATALOG.   { K = OBJECT_CATALOG; }
object(K) ::= DATABASE.  { K = OBJECT_DATABASE; }
object(K) ::= INDEX.     { K = OBJECT_INDEX; }
%type drop_how {Drop *}
drop_how(D) ::= .          { D = arena_make(p->arena, Drop); }
drop_how(D) ::= CASCADE.   { D = arena_make(p->arena, Drop); D->cascade = true; }
drop_how(D) ::= RESTRICT.  { D = arena_make(p->arena, Drop); D->restrict_ = true; }

// ---- Statements: looking, settings, jobs ----

%type looking {Stmt *}
%type show {Show *}
looking(S) ::= SHOW(T) show(W).  { S = stmt_new(p, STMT_SHOW, T.pos); S->show = W; }
%include {
static Show *
show_new(Parse *p, ShowKind kind, Path name)
{
    Show *s = arena_make(p->arena, Show);
    s->kind = kind;
    s->name = name;
    return s;
}
}
show(W) ::= show_list(K) show_like(L).                { W = L; W->kind = K; }
show(W) ::= show_list(K) from_in path(N) show_like(L). { W = L; W->kind = K; W->name = N; }
show(W) ::= CURRENT_OBJECT(T).                        { W = show_new(p, (ShowKind)T.sub, (Path){0}); }
show(W) ::= PARTITIONS path(N).                       { W = show_new(p, SHOW_PARTITIONS, N); }
show(W) ::= INDEXES.                                  { W = show_new(p, SHOW_INDEXES, (Path){0}); }
show(W) ::= INDEXES from_in path(N).                  { W = show_new(p, SHOW_INDEXES, N); }
show(W) ::= JOBS.                                     { W = show_new(p, SHOW_JOBS, (Path){0}); }
show(W) ::= MODULES.                                  { W = show_new(p, SHOW_MODULES, (Path){0}); }
show(W) ::= CREATE TABLE path(N).                     { W = show_new(p, SHOW_CREATE_TABLE, N); }
show(W) ::= CREATE VIEW path(N).                      { W = show_new(p, SHOW_CREATE_VIEW, N); }
show(W) ::= CREATE FUNCTION path(N).                  { W = show_new(p, SHOW_CREATE_FUNCTION, N); }
show(W) ::= CREATE MODEL path(N).                     { W = show_new(p, SHOW_CREATE_MODEL, N); }
show(W) ::= CREATE CATALOG path(N).                   { W = show_new(p, SHOW_CREATE_CATALOG, N); }
%type show_list {ShowKind}
show_list(K) ::= TABLES.          { K = SHOW_TABLES; }
show_list(K) ::= VIEWS.           { K = SHOW_VIEWS; }
show_list(K) ::= FUNCTIONS.       { K = SHOW_FUNCTIONS; }
show_list(K) ::= USER_FUNCTIONS.  { K = SHOW_USER_FUNCTIONS; }
show_list(K) ::= MODELS.          { K = SHOW_MODELS; }
show_list(K) ::= CATALOGS.        { K = SHOW_CATALOGS; }
show_list(K) ::= DATABASES.       { K = SHOW_DATABASES; }
show_list(K) ::= COLUMNS.         { K = SHOW_COLUMNS; }
show_list(K) ::= SETTINGS.        { K = SHOW_SETTINGS; }
from_in ::= FROM.
from_in ::= IN.
%type show_like {Show *}
show_like(W) ::= .                      { W = arena_make(p->arena, Show); }
show_like(W) ::= LIKE(T) STRING(S).     { W = arena_make(p->arena, Show); W->like = string_make(p, S); W->not_like = T.negated; }
show_like(W) ::= ILIKE(T) STRING(S).    { W = arena_make(p->arena, Show); W->like = string_make(p, S); W->not_like = T.negated; W->ilike = true; }

looking(S) ::= describe_word(T) extended(X) describe(D). {
    S = stmt_new(p, STMT_DESCRIBE, T.pos); S->describe = D; D->extended = X;
}
%type describe_word {Token}
describe_word(T) ::= DESCRIBE(A).  { T = A; }
describe_word(T) ::= DESC(A).      { T = A; }
%type extended {bool}
extended(B) ::= .          { B = false; }
extended(B) ::= EXTENDED.  { B = true; }
%include {
static Describe *
describe_new(Parse *p, DescribeKind kind, Path name)
{
    Describe *d = arena_make(p->arena, Describe);
    d->kind = kind;
    d->name = name;
    return d;
}
static Describe *
describe_text(Parse *p, DescribeKind kind, Token t)
{
    Describe *d = describe_new(p, kind, (Path){0});
    d->text = string_make(p, t);
    d->text_pos = t.pos;
    d->text_width = t.width;
    return d;
}
}
%type describe {Describe *}
describe(D) ::= path(N).           { D = describe_new(p, DESCRIBE_TABLE, N); }
describe(D) ::= STRING(S).         { D = describe_text(p, DESCRIBE_FILE, S); }
describe(D) ::= FUNCTION path(N).  { D = describe_new(p, DESCRIBE_FUNCTION, N); }
describe(D) ::= MODEL path(N).     { D = describe_new(p, DESCRIBE_MODEL, N); }
describe(D) ::= CATALOG path(N).   { D = describe_new(p, DESCRIBE_CATALOG, N); }
describe(D) ::= DATABASE path(N).  { D = describe_new(p, DESCRIBE_DATABASE, N); }
describe(D) ::= JOB STRING(S).     { D = describe_text(p, DESCRIBE_JOB, S); }
describe(D) ::= query(Q).          { D = describe_new(p, DESCRIBE_QUERY, (Path){0}); D->query = Q; }

looking(S) ::= SUMMARIZE(T) summarized(R). {
    S = stmt_new(p, STMT_SUMMARIZE, T.pos); S->summarize = arena_make(p->arena, Summarize); S->summarize->table = R;
}
%type summarized {TableRef *}
summarized(R) ::= path(N).    { R = table_new(p, TABLE_NAME, N.pos); R->name.path = N; }
summarized(R) ::= STRING(S).  { R = table_new(p, TABLE_FILE, S.pos); R->file = string_make(p, S); }
summarized(R) ::= query(Q).   { R = table_query(p, Q); }

looking(S) ::= COPY(T) LPAREN query(Q) RPAREN copy_to(C). {
    S = stmt_new(p, STMT_COPY, T.pos); S->copy = C; C->query = Q;
}
looking(S) ::= COPY(T) path(N) copy_to(C). {
    S = stmt_new(p, STMT_COPY, T.pos); S->copy = C;
    C->query = query_new(p, QUERY_TABLE, N.pos); C->query->width = N.width; C->query->table = N;
}
%type copy_to {Copy *}
copy_to(C) ::= TO STRING(F) with_opt(W). {
    C = arena_make(p->arena, Copy);
    *C = (Copy){.file = string_make(p, F), .file_pos = F.pos, .file_width = F.width, .options = W};
}

%include {
static Stmt *
use_new(Parse *p, Token t, UseKind kind, Path name)
{
    Stmt *s = stmt_new(p, STMT_USE, t.pos);
    s->use = arena_make(p->arena, Use);
    s->use->kind = kind;
    s->use->name = name;
    return s;
}
static Stmt *
setting_new(Parse *p, StmtKind kind, Token t, Str key, Token key_token)
{
    Stmt *s = stmt_new(p, kind, t.pos);
    s->setting = arena_make(p->arena, Setting);
    s->setting->key = key;
    s->setting->key_pos = key_token.pos;
    s->setting->key_width = key_token.width;
    return s;
}
static void
setting_value(Stmt *s, Str value, Token t)
{
    s->setting->value = value;
    s->setting->value_pos = t.pos;
    s->setting->value_width = t.width;
}
}
looking(S) ::= USE(T) path(N).           { S = use_new(p, T, USE_DATABASE, N); }
looking(S) ::= USE(T) CATALOG path(N).   { S = use_new(p, T, USE_CATALOG, N); }
looking(S) ::= USE(T) MODULES names(L).  { S = use_new(p, T, USE_MODULES, (Path){0}); S->use->modules = L; }
// The raw tokens are made by setting_pass() in parse.c: keys and values need no quotes.
looking(S) ::= SET(T).                   { S = setting_new(p, STMT_SET, T, (Str){0}, T); }
looking(S) ::= SET(T) setting_key(K) EQ RAW_VALUE(V).  { S = setting_new(p, STMT_SET, T, K.kind == TK_STRING ? string_make(p, K) : token_text(p, K), K); setting_value(S, token_text(p, V), V); }
looking(S) ::= SET(T) setting_key(K) EQ STRING(V).     { S = setting_new(p, STMT_SET, T, K.kind == TK_STRING ? string_make(p, K) : token_text(p, K), K); setting_value(S, string_make(p, V), V); }
looking(S) ::= RESET(T).                 { S = setting_new(p, STMT_RESET, T, (Str){0}, T); }
looking(S) ::= RESET(T) setting_key(K).  { S = setting_new(p, STMT_RESET, T, K.kind == TK_STRING ? string_make(p, K) : token_text(p, K), K); }
%type setting_key {Token}
setting_key(K) ::= STRING(T).   { K = T; }
setting_key(K) ::= RAW_KEY(T).  { K = T; }

looking(S) ::= STOP(T) JOB STRING(J) stop_how(H). {
    S = stmt_new(p, STMT_STOP_JOB, T.pos); S->stop_job = H;
    H->job = string_make(p, J); H->job_pos = J.pos; H->job_width = J.width;
}
%type stop_how {StopJob *}
stop_how(H) ::= .                           { H = arena_make(p->arena, StopJob); }
stop_how(H) ::= stop_how(A) WITH SAVEPOINT. { H = A; H->with_savepoint = true; }
stop_how(H) ::= stop_how(A) WITH DRAIN.     { H = A; H->with_drain = true; }

// ---- Queries ----

%type query {Query *}
query(Q) ::= query_body(B) order_opt(O) tail(T).  { Q = query_tail(p, B, O, T); }
query(Q) ::= WITH(W) ctes(C) query_body(B) order_opt(O) tail(T). {
    Q = query_with(p, W.pos, query_tail(p, B, O, T), C->at, C->len);
}
%include { typedef struct CteList { Cte *at; u32 len; } CteList; }
%type ctes {CteList *}
ctes(L) ::= cte(C).                { L = arena_make(p->arena, CteList); list_push(p, *L, C); }
ctes(L) ::= ctes(A) COMMA cte(C).  { L = A; list_push(p, *L, C); }
%type cte {Cte}
cte(C) ::= nm(N) names_opt(L) AS LPAREN query(Q) RPAREN. { C = (Cte){N, L, Q}; }

%type query_body {Query *}
query_body(Q) ::= query_term(A).                                     { Q = A; }
query_body(Q) ::= query_body(L) UNION set_all(A) query_term(R).      { Q = query_setop(p, L, SETOP_UNION, A, R); }
query_body(Q) ::= query_body(L) EXCEPT set_all(A) query_term(R).     { Q = query_setop(p, L, SETOP_EXCEPT, A, R); }
%type query_term {Query *}
query_term(Q) ::= query_primary(A).                                  { Q = A; }
query_term(Q) ::= query_term(L) INTERSECT set_all(A) query_primary(R). { Q = query_setop(p, L, SETOP_INTERSECT, A, R); }
%type set_all {bool}
set_all(B) ::= .          { B = false; }
set_all(B) ::= DISTINCT.  { B = false; }
set_all(B) ::= ALL.       { B = true; }
%type query_primary {Query *}
query_primary(Q) ::= select(S).          { Q = query_select(p, S); }
query_primary(Q) ::= VALUES(T) exprs(L). { Q = query_values(p, T.pos, L); }
query_primary(Q) ::= TABLE(T) path(N).   { Q = query_new(p, QUERY_TABLE, T.pos); Q->table = N; }
query_primary(Q) ::= query_paren(A). [DOT] { Q = A; }
%type query_paren {Query *}
query_paren(Q) ::= LPAREN(T) query(A) RPAREN. { Q = query_parens(p, T.pos, A); }

%type order_opt {OrderList}
order_opt(L) ::= .                    { L = (OrderList){0}; }
order_opt(L) ::= ORDER BY orders(A).  { L = A; }
%type orders {OrderList}
orders(L) ::= order(O).                  { L = (OrderList){0}; list_push(p, L, O); }
orders(L) ::= orders(A) COMMA order(O).  { L = A; list_push(p, L, O); }
%type order {OrderItem}
order(O) ::= expr(E) order_desc(D) order_nulls(N). { O = (OrderItem){E, D, N}; }
%type order_desc {bool}
order_desc(B) ::= .      { B = false; }
order_desc(B) ::= ASC.   { B = false; }
order_desc(B) ::= DESC.  { B = true; }
%type order_nulls {OrderNulls}
order_nulls(N) ::= .               { N = ORDER_NULLS_UNSAID; }
order_nulls(N) ::= NULLS_ORDER(T). { N = (OrderNulls)T.sub; }

%type tail {QueryTail}
tail(T) ::= .                                  { T = (QueryTail){0}; }
tail(T) ::= limit(L).                          { T = L; }
tail(T) ::= offset(O).                         { T = (QueryTail){.offset = O}; }
tail(T) ::= limit(L) offset(O).                { T = L; T.offset = O; }
tail(T) ::= offset(O) limit(L).                { T = L; T.offset = O; }
%type limit {QueryTail}
limit(T) ::= LIMIT expr(E).   { T = (QueryTail){.limit = E}; }
limit(T) ::= LIMIT ALL.       { T = (QueryTail){.limit_all = true}; }
limit(T) ::= FETCH expr(E) ROWS_ONLY. { T = (QueryTail){.limit = E}; }
limit(T) ::= FETCH(F) ROWS_ONLY. {
    T = (QueryTail){.limit = expr_new(p, EXPR_LITERAL, F.pos)};
    T.limit->literal = arena_make(p->arena, Literal);
    *T.limit->literal = (Literal){.kind = LITERAL_INTEGER, .text = STR("1")};
}
%type offset {Expr *}
offset(E) ::= OFFSET expr(A).           { E = A; }
offset(E) ::= OFFSET expr(A) ROW_WORD.  { E = A; }

%type select {Select *}
select(S) ::= SELECT(T) hints_opt(H) distinct(D) items(I) from_opt(F) where_opt(W) group_opt(G)
              having_opt(V) windows_opt(N) qualify_opt(Q). {
    S = N; S->pos = T.pos; S->width = span_to_end(p, T.pos);
    S->hints = H; S->distinct = D; S->items = I; S->from = F; S->where = W; S->group_by = *G;
    S->having = V; S->qualify = Q;
}
%type distinct {bool}
distinct(B) ::= .          { B = false; }
distinct(B) ::= ALL.       { B = false; }
distinct(B) ::= DISTINCT.  { B = true; }
%type items {SelectItemList}
items(L) ::= item(I).                 { L = (SelectItemList){0}; list_push(p, L, I); }
items(L) ::= items(A) COMMA item(I).  { L = A; list_push(p, L, I); }
%type item {SelectItem}
item(I) ::= expr(E).            { I = (SelectItem){E, {0}, E->pos, span_to_end(p, E->pos)}; }
item(I) ::= expr(E) nm(N).      { I = (SelectItem){E, N, E->pos, span_to_end(p, E->pos)}; }
item(I) ::= expr(E) AS nm(N).   { I = (SelectItem){E, N, E->pos, span_to_end(p, E->pos)}; }
item(I) ::= star(E).            { I = (SelectItem){E, {0}, E->pos, span_to_end(p, E->pos)}; }
%type star {Expr *}
star(E) ::= STAR(T) star_except(X).             { E = expr_star(p, T.pos, (Path){0}, NULL, X); }
star(E) ::= path(P) DOT STAR star_except(X).    { E = expr_star(p, P.pos, P, NULL, X); }
star(E) ::= expr(B) DOT STAR star_except(X).    { E = expr_star(p, B->pos, (Path){0}, B, X); }
%type star_except {NameList}
star_except(L) ::= .                                    { L = (NameList){0}; }
star_except(L) ::= STAR_EXCEPT LPAREN names(A) RPAREN.  { L = A; }
%type from_opt {TableRef *}
from_opt(F) ::= .               { F = NULL; }
from_opt(F) ::= FROM tables(A). { F = A; }
%type where_opt {Expr *}
where_opt(E) ::= .               { E = NULL; }
where_opt(E) ::= WHERE expr(A).  { E = A; }
%type having_opt {Expr *}
having_opt(E) ::= .               { E = NULL; }
having_opt(E) ::= HAVING expr(A). { E = A; }
%type qualify_opt {Expr *}
qualify_opt(E) ::= .                { E = NULL; }
qualify_opt(E) ::= QUALIFY expr(A). { E = A; }
%type windows_opt {Select *}
windows_opt(S) ::= .                    { S = arena_make(p->arena, Select); }
windows_opt(S) ::= WINDOW windows(A).   { S = A; }
%type windows {Select *}
windows(S) ::= nm(N) AS LPAREN window_spec(W) RPAREN.                   { S = arena_make(p->arena, Select); S->windows = list_room(p->arena, NULL, 0, sizeof *S->windows); S->windows[S->windows_len++] = (NamedWindow){N, W}; }
windows(S) ::= windows(A) COMMA nm(N) AS LPAREN window_spec(W) RPAREN.  { S = A; S->windows = list_room(p->arena, S->windows, S->windows_len, sizeof *S->windows); S->windows[S->windows_len++] = (NamedWindow){N, W}; }

%type group_opt {GroupBy *}
group_opt(G) ::= .                    { G = arena_make(p->arena, GroupBy); }
group_opt(G) ::= GROUP(T) BY groups(L).  { G = arena_make(p->arena, GroupBy); *G = (GroupBy){true, false, L.at, L.len, T.pos, span_to_end(p, T.pos)}; }
group_opt(G) ::= GROUP(T) BY ALL.        { G = arena_make(p->arena, GroupBy); *G = (GroupBy){true, true, NULL, 0, T.pos, span_to_end(p, T.pos)}; }
%type groups {GroupList}
groups(L) ::= group(G).                  { L = (GroupList){0}; list_push(p, L, G); }
groups(L) ::= groups(A) COMMA group(G).  { L = A; list_push(p, L, G); }
%type group {GroupElem *}
group(G) ::= expr(E).                                    { G = group_elem(p, E->pos, GROUP_EXPR, E, (GroupList){0}); }
group(G) ::= LPAREN(T) RPAREN.                           { G = group_elem(p, T.pos, GROUP_SET, NULL, (GroupList){0}); }
group(G) ::= GROUPING_SETS(T) LPAREN groups(L) RPAREN.   { G = group_elem(p, T.pos, GROUP_SETS, NULL, L); }
group(G) ::= CUBE(T) LPAREN groups(L) RPAREN.            { G = group_elem(p, T.pos, GROUP_CUBE, NULL, L); }
group(G) ::= ROLLUP(T) LPAREN groups(L) RPAREN.          { G = group_elem(p, T.pos, GROUP_ROLLUP, NULL, L); }

// ---- Tables ----

%type tables {TableRef *}
tables(T) ::= joined(A).                  { T = A; }
tables(T) ::= tables(A) COMMA(C) joined(B). { Join *j = join_new(p, JOIN_CROSS, C.pos); j->width = 1; T = table_join(p, A, j, B); }
%type joined {TableRef *}
joined(T) ::= table(A).                              { T = A; }
joined(T) ::= joined(A) join_word(J) table(B) join_cond(C). {
    J->on = C.expr; J->using_names = C.names; T = table_join(p, A, J, B);
}
%include { typedef struct JoinCond { Expr *expr; NameList names; } JoinCond; }
%type join_cond {JoinCond}
join_cond(C) ::= .                             { C = (JoinCond){0}; }
join_cond(C) ::= ON expr(E).                   { C = (JoinCond){.expr = E}; }
join_cond(C) ::= USING LPAREN names(L) RPAREN. { C = (JoinCond){.names = L}; }
%type join_word {Join *}
join_word(J) ::= JOIN(T).                    { J = join_new(p, JOIN_INNER, T.pos); }
join_word(J) ::= CROSS(T) JOIN.              { J = join_new(p, JOIN_CROSS, T.pos); }
join_word(J) ::= join_side(A) JOIN.          { J = A; J->width = span_to_end(p, J->pos); }
join_word(J) ::= join_side(A) SEMI_JOIN.     { J = A; J->kind = JOIN_SEMI; J->width = span_to_end(p, J->pos); }
join_word(J) ::= join_side(A) ANTI_JOIN.     { J = A; J->kind = JOIN_ANTI; J->width = span_to_end(p, J->pos); }
join_word(J) ::= SEMI_JOIN(T).               { J = join_new(p, JOIN_SEMI, T.pos); }
join_word(J) ::= ANTI_JOIN(T).               { J = join_new(p, JOIN_ANTI, T.pos); }
join_word(J) ::= NATURAL(T) JOIN.            { J = join_new(p, JOIN_INNER, T.pos); J->natural = true; }
join_word(J) ::= NATURAL(T) join_side(A) JOIN. { J = A; J->natural = true; J->pos = T.pos; J->width = span_to_end(p, J->pos); }
%type join_side {Join *}
join_side(J) ::= INNER(T).            { J = join_new(p, JOIN_INNER, T.pos); }
join_side(J) ::= LEFT(T) outer_opt.   { J = join_new(p, JOIN_LEFT, T.pos); }
join_side(J) ::= RIGHT(T) outer_opt.  { J = join_new(p, JOIN_RIGHT, T.pos); }
join_side(J) ::= FULL(T) outer_opt.   { J = join_new(p, JOIN_FULL, T.pos); }
outer_opt ::= .
outer_opt ::= OUTER.

%type table {TableRef *}
table(T) ::= table_matched(A) alias_opt(L). { T = table_alias(p, A, L); }
%type alias_opt {TableAlias}
alias_opt(A) ::= .                          { A = (TableAlias){0}; }
alias_opt(A) ::= nm(N) names_opt(L).        { A = (TableAlias){N, L}; }
alias_opt(A) ::= AS nm(N) names_opt(L).     { A = (TableAlias){N, L}; }
%type table_matched {TableRef *}
table_matched(T) ::= table_base(A).                 { T = A; }
table_matched(T) ::= table_base(A) match(M).        { T = table_match(p, A, M); }
%type table_base {TableRef *}
table_base(T) ::= path(N) hints_opt(H).             { T = table_new(p, TABLE_NAME, N.pos); T->name.path = N; T->name.hints = H; }
table_base(T) ::= path(N) hints_opt(H) AS_OF expr(E). {
    T = table_new(p, TABLE_NAME, N.pos); T->name.path = N; T->name.hints = H; T->name.as_of = E;
    T->height = height_over(p, T->pos, E->height, 0);
}
table_base(T) ::= STRING(S).                        { T = table_new(p, TABLE_FILE, S.pos); T->file = string_make(p, S); }
table_base(T) ::= query_paren(Q). [UNARY]           { T = table_query(p, Q); }
table_base(T) ::= LATERAL(L) query_paren(Q).        { T = table_query(p, Q); T->lateral = true; T->pos = L.pos; T->width = span_to_end(p, L.pos); }
table_base(T) ::= path(F) LPAREN call_args(A) RPAREN. { T = table_func(p, F.pos, expr_call(p, F, A), false); }
table_base(T) ::= TABLE(W) LPAREN table_call(C) RPAREN. { T = table_func(p, W.pos, C, true); }
table_base(T) ::= LATERAL(W) TABLE LPAREN table_call(C) RPAREN. { T = table_func(p, W.pos, C, true); T->lateral = true; }
table_base(T) ::= LATERAL(W) path(F) LPAREN call_args(A) RPAREN. { T = table_func(p, W.pos, expr_call(p, F, A), false); T->lateral = true; }
table_base(T) ::= UNNEST(U) LPAREN exprs(L) RPAREN ordinality(O). {
    T = table_new(p, TABLE_UNNEST, U.pos); T->unnest.args = L; T->unnest.ordinality = O;
    for (u32 i = 0; i < L.len; i++) T->height = MAX(T->height, height_over(p, T->pos, L.at[i]->height, 0));
}
table_base(T) ::= LATERAL(W) UNNEST LPAREN exprs(L) RPAREN ordinality(O). {
    T = table_new(p, TABLE_UNNEST, W.pos); T->unnest.args = L; T->unnest.ordinality = O; T->lateral = true;
    for (u32 i = 0; i < L.len; i++) T->height = MAX(T->height, height_over(p, T->pos, L.at[i]->height, 0));
}
table_base(T) ::= LPAREN(P) tables(A) RPAREN.       { T = A; T->pos = P.pos; T->width = span_to_end(p, P.pos); }
%type ordinality {bool}
ordinality(B) ::= .                 { B = false; }
ordinality(B) ::= WITH ORDINALITY.  { B = true; }
%type table_call {Expr *}
table_call(E) ::= path(F) LPAREN call_args(A) RPAREN. { E = expr_call(p, F, A); }

// ---- MATCH_RECOGNIZE ----

%type match {Match *}
match(M) ::= MATCH_RECOGNIZE(T) LPAREN partition_by_opt(B) order_opt(O) measures_opt(E) rows_per(R) after_match(A)
             PATTERN LPAREN anchor_start(S) pattern(X) anchor_end(N) RPAREN within_opt(W) subset_opt(U) DEFINE defines(D) RPAREN. {
    M = D; M->pos = T.pos; M->width = T.width;
    M->partition_by = B; M->order_by = O; M->measures = E; M->rows_per_match = R;
    M->after = A->after; M->after_symbol = A->after_symbol; M->anchor_start = S; M->anchor_end = N;
    M->pattern = X; M->within = W; M->subsets = U->subsets; M->subsets_len = U->subsets_len;
}
%type measures_opt {SelectItemList}
measures_opt(L) ::= .                     { L = (SelectItemList){0}; }
measures_opt(L) ::= MEASURES measures(A). { L = A; }
%type measures {SelectItemList}
measures(L) ::= measure(I).                    { L = (SelectItemList){0}; list_push(p, L, I); }
measures(L) ::= measures(A) COMMA measure(I).  { L = A; list_push(p, L, I); }
%type measure {SelectItem}
measure(I) ::= expr(E) AS nm(N).  { I = (SelectItem){E, N, E->pos, span_to_end(p, E->pos)}; }
%type rows_per {RowsPerMatch}
rows_per(R) ::= .             { R = ROWS_PER_MATCH_UNSAID; }
rows_per(R) ::= ONE_ROW(T).   { R = (RowsPerMatch)T.sub; }
rows_per(R) ::= ALL_ROWS(T).  { R = (RowsPerMatch)T.sub; }
%type after_match {Match *}
after_match(M) ::= .                        { M = arena_make(p->arena, Match); }
after_match(M) ::= AFTER_MATCH(T).          { M = arena_make(p->arena, Match); M->after = (AfterMatch)T.sub; }
after_match(M) ::= AFTER_MATCH_TO(T) nm(N). { M = arena_make(p->arena, Match); M->after = (AfterMatch)T.sub; M->after_symbol = N; }
%type anchor_start {bool}
anchor_start(B) ::= .       { B = false; }
anchor_start(B) ::= CARET.  { B = true; }
%type anchor_end {bool}
anchor_end(B) ::= .         { B = false; }
anchor_end(B) ::= DOLLAR.   { B = true; }
%type pattern {MatchPattern *}
pattern(X) ::= pattern_cat(A).                  { X = A; }
pattern(X) ::= pattern(A) PIPE pattern_cat(B).  { X = pattern_add(p, PATTERN_ALT, A, B); }
%type pattern_cat {MatchPattern *}
pattern_cat(X) ::= pattern_many(A).                 { X = A; }
pattern_cat(X) ::= pattern_cat(A) pattern_many(B).  { X = pattern_add(p, PATTERN_CONCAT, A, B); }
%type pattern_many {MatchPattern *}
pattern_many(X) ::= pattern_one(A).                     { X = A; }
pattern_many(X) ::= pattern_one(A) repeat(R) reluctant(G). {
    X = R; X->pos = A->pos; X->width = span_to_end(p, A->pos); X->reluctant = G;
    X->args = arena_array(p->arena, MatchPattern *, 1); X->args[0] = A; X->len = 1;
    X->height = height_over(p, X->pos, A->height, 0);
}
%type reluctant {bool}
reluctant(B) ::= .          { B = false; }
reluctant(B) ::= QUESTION.  { B = true; }
%include {
static MatchPattern *
repeat_new(Parse *p, i64 min, i64 max)
{
    MatchPattern *x = pattern_new(p, PATTERN_REPEAT, p->end);
    x->min = min;
    x->max = max;
    return x;
}
}
%type repeat {MatchPattern *}
repeat(R) ::= STAR.       { R = repeat_new(p, 0, -1); }
repeat(R) ::= PLUS.       { R = repeat_new(p, 1, -1); }
repeat(R) ::= QUESTION.   { R = repeat_new(p, 0, 1); }
repeat(R) ::= LBRACE INTEGER(A) RBRACE.                   { R = repeat_new(p, integer_make(p, A, INT32_MAX), 0); R->max = R->min; }
repeat(R) ::= LBRACE INTEGER(A) COMMA RBRACE.             { R = repeat_new(p, integer_make(p, A, INT32_MAX), -1); }
repeat(R) ::= LBRACE COMMA INTEGER(B) RBRACE.             { R = repeat_new(p, 0, integer_make(p, B, INT32_MAX)); }
repeat(R) ::= LBRACE INTEGER(A) COMMA INTEGER(B) RBRACE.  { R = repeat_new(p, integer_make(p, A, INT32_MAX), integer_make(p, B, INT32_MAX)); }
%type pattern_one {MatchPattern *}
pattern_one(X) ::= nm(N).                           { X = pattern_new(p, PATTERN_SYMBOL, N.pos); X->symbol = N; }
pattern_one(X) ::= LPAREN(T) pattern(A) RPAREN.     { X = A; X->pos = T.pos; X->width = span_to_end(p, T.pos); }
pattern_one(X) ::= PERMUTE(T) LPAREN pattern_args(L) RPAREN. { X = pattern_list(p, PATTERN_PERMUTE, T.pos, L); }
pattern_one(X) ::= EXCLUDE_BEGIN(T) pattern(A) EXCLUDE_END. { PatternList l = {0}; list_push(p, l, A); X = pattern_list(p, PATTERN_EXCLUDE, T.pos, l); }
%type pattern_args {PatternList}
pattern_args(L) ::= pattern(A).                        { L = (PatternList){0}; list_push(p, L, A); }
pattern_args(L) ::= pattern_args(B) COMMA pattern(A).  { L = B; list_push(p, L, A); }
%type within_opt {Expr *}
within_opt(E) ::= .                { E = NULL; }
within_opt(E) ::= WITHIN expr(A).  { E = A; }
%type subset_opt {Match *}
subset_opt(M) ::= .                   { M = arena_make(p->arena, Match); }
subset_opt(M) ::= SUBSET subsets(A).  { M = A; }
%type subsets {Match *}
subsets(M) ::= nm(N) EQ LPAREN names(L) RPAREN.                   { M = arena_make(p->arena, Match); M->subsets = list_room(p->arena, NULL, 0, sizeof *M->subsets); M->subsets[M->subsets_len++] = (MatchSubset){N, L}; }
subsets(M) ::= subsets(A) COMMA nm(N) EQ LPAREN names(L) RPAREN.  { M = A; M->subsets = list_room(p->arena, M->subsets, M->subsets_len, sizeof *M->subsets); M->subsets[M->subsets_len++] = (MatchSubset){N, L}; }
%type defines {Match *}
defines(M) ::= nm(N) AS expr(E).                   { M = arena_make(p->arena, Match); M->defines = list_room(p->arena, NULL, 0, sizeof *M->defines); M->defines[M->defines_len++] = (MatchDefine){N, E}; }
defines(M) ::= defines(A) COMMA nm(N) AS expr(E).  { M = A; M->defines = list_room(p->arena, M->defines, M->defines_len, sizeof *M->defines); M->defines[M->defines_len++] = (MatchDefine){N, E}; }

// ---- Expressions ----

%type exprs {ExprList}
exprs(L) ::= expr(E).                 { L = (ExprList){0}; list_push(p, L, E); }
exprs(L) ::= exprs(A) COMMA expr(E).  { L = A; list_push(p, L, E); }

%type expr {Expr *}
expr(E) ::= path(P). [UNARY]  { E = expr_new(p, EXPR_COLUMN, P.pos); E->column = P; }
expr(E) ::= NULL(T).          { E = expr_literal(p, LITERAL_NULL, T); }
expr(E) ::= TRUE(T).          { E = expr_literal(p, LITERAL_BOOL, T); E->literal->boolean = true; }
expr(E) ::= FALSE(T).         { E = expr_literal(p, LITERAL_BOOL, T); }
expr(E) ::= INTEGER(T).       { E = expr_literal(p, LITERAL_INTEGER, T); }
expr(E) ::= DECIMAL(T).       { E = expr_literal(p, LITERAL_DECIMAL, T); }
expr(E) ::= DOUBLE(T).        { E = expr_literal(p, LITERAL_DOUBLE, T); }
expr(E) ::= STRING(T).        { E = expr_literal(p, LITERAL_STRING, T); }
expr(E) ::= BINARY(T).        { E = expr_literal(p, LITERAL_BINARY, T); }
expr(E) ::= TYPED_STRING(T) STRING(S). {
    E = expr_literal(p, LITERAL_STRING, S); E->literal->kind = (LiteralKind)T.sub;
    E->pos = T.pos; E->width = span_to_end(p, T.pos);
}
expr(E) ::= INTERVAL_LITERAL(T) interval_value(V) interval_qual(Q). { E = expr_interval(p, T.pos, V.negated, V, Q); }
%type interval_value {Token}
interval_value(V) ::= STRING(T).        { V = T; V.negated = false; }
interval_value(V) ::= PLUS STRING(T).   { V = T; V.negated = false; }
interval_value(V) ::= MINUS STRING(T).  { V = T; V.negated = true; }
interval_value(V) ::= INTEGER(T).       { V = T; V.negated = false; }
interval_value(V) ::= DECIMAL(T).       { V = T; V.negated = false; }
%type interval_qual {IntervalQual}
interval_qual(Q) ::= ID(A). [UNARY]                                                { Q = interval_qual(p, A, -1, -1, NULL); }
interval_qual(Q) ::= ID(A) LPAREN INTEGER(N) RPAREN. [UNARY]                 { Q = interval_qual(p, A, (i32)integer_make(p, N, 99), -1, NULL); }
interval_qual(Q) ::= ID(A) LPAREN INTEGER(N) COMMA INTEGER(F) RPAREN.        { Q = interval_qual(p, A, (i32)integer_make(p, N, 99), (i32)integer_make(p, F, 99), NULL); }
interval_qual(Q) ::= ID(A) TO ID(B).                                         { Q = interval_qual(p, A, -1, -1, &B); }
interval_qual(Q) ::= ID(A) TO ID(B) LPAREN INTEGER(F) RPAREN.                { Q = interval_qual(p, A, -1, (i32)integer_make(p, F, 99), &B); }
interval_qual(Q) ::= ID(A) LPAREN INTEGER(N) RPAREN TO ID(B).                { Q = interval_qual(p, A, (i32)integer_make(p, N, 99), -1, &B); }
interval_qual(Q) ::= ID(A) LPAREN INTEGER(N) RPAREN TO ID(B) LPAREN INTEGER(F) RPAREN. { Q = interval_qual(p, A, (i32)integer_make(p, N, 99), (i32)integer_make(p, F, 99), &B); }

expr(E) ::= DEFAULT(T).                              { E = expr_new(p, EXPR_DEFAULT, T.pos); }
expr(E) ::= LPAREN(T) expr(A) RPAREN.                { E = expr_parens(p, T.pos, A); }
expr(E) ::= LPAREN(T) expr(A) COMMA exprs(L) RPAREN. { ExprList l = {0}; list_push(p, l, A); for (u32 i = 0; i < L.len; i++) list_push(p, l, L.at[i]); E = expr_args(p, EXPR_ROW, T.pos, l); }
expr(E) ::= ROW(T) LPAREN RPAREN.                    { E = expr_args(p, EXPR_ROW, T.pos, (ExprList){0}); }
expr(E) ::= ROW(T) LPAREN exprs(L) RPAREN.           { E = expr_args(p, EXPR_ROW, T.pos, L); }
expr(E) ::= ARRAY_LIST(T) LBRACKET RBRACKET.         { E = expr_args(p, EXPR_ARRAY, T.pos, (ExprList){0}); }
expr(E) ::= ARRAY_LIST(T) LBRACKET exprs(L) RBRACKET. { E = expr_args(p, EXPR_ARRAY, T.pos, L); }
expr(E) ::= MAP_LIST(T) LBRACKET RBRACKET.           { E = expr_args(p, EXPR_MAP, T.pos, (ExprList){0}); }
expr(E) ::= MAP_LIST(T) LBRACKET exprs(L) RBRACKET.  { E = expr_args(p, EXPR_MAP, T.pos, L); }
expr(E) ::= query_paren(Q). [UNARY]                  { E = expr_query(p, EXPR_SUBQUERY, Q->pos, Q); }
expr(E) ::= EXISTS(T) query_paren(Q).                { E = expr_query(p, EXPR_EXISTS, T.pos, Q); }
expr(E) ::= expr(A) DOT nm(N).                       { E = expr_new(p, EXPR_FIELD, A->pos); E->field.arg = A; E->field.name = N; expr_over(p, E, A); }
expr(E) ::= expr(A) LBRACKET expr(I) RBRACKET.       { E = expr_new(p, EXPR_INDEX, A->pos); E->index.arg = A; E->index.index = I; expr_over(p, E, A); expr_over(p, E, I); }

expr(E) ::= expr(L) OR expr(R).           { E = expr_logic(p, LOGIC_OR, L, R); }
expr(E) ::= expr(L) AND expr(R).          { E = expr_logic(p, LOGIC_AND, L, R); }
expr(E) ::= NOT(T) expr(A).               { E = expr_unary(p, UNARY_NOT, T, A); }
expr(E) ::= expr(A) IS_TEST(T).           { E = expr_new(p, EXPR_IS, A->pos); E->negated = T.negated; E->is.is = (IsKind)T.sub; E->is.arg = A; expr_over(p, E, A); }
expr(E) ::= expr(L) EQ|NE|LT|GT|LE|GE(O) expr(R). { E = expr_compare(p, O, L, R); }
expr(E) ::= expr(L) OVERLAPS expr(R).     { E = expr_binary(p, OP_OVERLAPS, L, R); }
expr(E) ::= expr(L) IS_DISTINCT(T) expr(R). { E = expr_binary(p, OP_EQ, L, R); E->kind = EXPR_DISTINCT; E->negated = T.negated; }
expr(E) ::= expr(A) EQ|NE|LT|GT|LE|GE(O) ANY query_paren(Q). [DOT]              { E = expr_quantified(p, O, false, A, (ExprList){0}, Q); }
expr(E) ::= expr(A) EQ|NE|LT|GT|LE|GE(O) ANY LPAREN exprs(L) RPAREN.   { E = expr_quantified(p, O, false, A, L, NULL); }
expr(E) ::= expr(A) EQ|NE|LT|GT|LE|GE(O) ALL query_paren(Q). [DOT]              { E = expr_quantified(p, O, true, A, (ExprList){0}, Q); }
expr(E) ::= expr(A) EQ|NE|LT|GT|LE|GE(O) ALL LPAREN exprs(L) RPAREN.   { E = expr_quantified(p, O, true, A, L, NULL); }
expr(E) ::= expr(A) BETWEEN(T) expr(L) AND expr(H). [BETWEEN]    { E = expr_between(p, T, A, L, H); }
expr(E) ::= expr(A) IN(T) query_paren(Q).             { E = expr_in(p, T, A, (ExprList){0}, Q); }
expr(E) ::= expr(A) IN(T) LPAREN RPAREN.              { E = expr_in(p, T, A, (ExprList){0}, NULL); }
expr(E) ::= expr(A) IN(T) path(P). [DOT]              {
    Query *q = query_new(p, QUERY_TABLE, P.pos); q->width = P.width; q->table = P;
    E = expr_in(p, T, A, (ExprList){0}, q);
}
expr(E) ::= expr(A) IN(T) LPAREN exprs(L) RPAREN.     { E = expr_in(p, T, A, L, NULL); }
expr(E) ::= expr(A) LIKE|ILIKE|RLIKE|SIMILAR_TO(T) expr(B).             { E = expr_like(p, T, A, B, NULL); }
expr(E) ::= expr(A) LIKE|ILIKE|RLIKE|SIMILAR_TO(T) expr(B) ESCAPE expr(C). [ESCAPE] { E = expr_like(p, T, A, B, C); }
expr(E) ::= expr(L) PLUS expr(R).         { E = expr_binary(p, OP_ADD, L, R); }
expr(E) ::= expr(L) MINUS expr(R).        { E = expr_binary(p, OP_SUB, L, R); }
expr(E) ::= expr(L) STAR expr(R).         { E = expr_binary(p, OP_MUL, L, R); }
expr(E) ::= expr(L) SLASH expr(R).        { E = expr_binary(p, OP_DIV, L, R); }
expr(E) ::= expr(L) PERCENT expr(R).      { E = expr_binary(p, OP_MOD, L, R); }
expr(E) ::= expr(L) CONCAT expr(R).       { E = expr_binary(p, OP_CONCAT, L, R); }
expr(E) ::= MINUS(T) expr(A). [UNARY]     { E = expr_unary(p, UNARY_NEG, T, A); }
expr(E) ::= PLUS(T) expr(A). [UNARY]      { E = expr_unary(p, UNARY_POS, T, A); }
expr(E) ::= expr(A) COLONS typename(T).   { E = expr_cast(p, A->pos, A, T, false); }
expr(E) ::= CAST(W) LPAREN expr(A) AS type(T) RPAREN.      { E = expr_cast(p, W.pos, A, T, false); }
expr(E) ::= TRY_CAST(W) LPAREN expr(A) AS type(T) RPAREN.  { E = expr_cast(p, W.pos, A, T, true); }
expr(E) ::= CASE(T) whens(W) else_opt(F) END.          { E = expr_case(p, T, NULL, W, F); }
expr(E) ::= CASE(T) expr(O) whens(W) else_opt(F) END.  { E = expr_case(p, T, O, W, F); }
%type whens {WhenList}
// CASE x WHEN 1, 2 THEN y: a row for each value.
whens(L) ::= WHEN exprs(A) THEN expr(B).           { L = (WhenList){0}; for (u32 i = 0; i < A.len; i++) { CaseWhen w = {A.at[i], B}; list_push(p, L, w); } }
whens(L) ::= whens(C) WHEN exprs(A) THEN expr(B).  { L = C; for (u32 i = 0; i < A.len; i++) { CaseWhen w = {A.at[i], B}; list_push(p, L, w); } }
%type else_opt {Expr *}
else_opt(E) ::= .              { E = NULL; }
else_opt(E) ::= ELSE expr(A).  { E = A; }

// ---- Calls ----

expr(E) ::= call(C). [UNARY]   { E = C; }
expr(E) ::= CALL_TIME(T) call(C). [UNARY] { E = C; E->call->time = (CallTime)T.sub; E->pos = T.pos; E->width = span_to_end(p, T.pos); }
expr(E) ::= BARE(T).           { E = expr_call_token(p, T, (ExprList){0}); E->call->bare = true; }
%type call {Expr *}
call(E) ::= path(F) LPAREN call_args(A) nulls_opt(N) order_opt(O) RPAREN. {
    E = expr_call(p, F, A); E->call->nulls = N; call_order(p, E, &E->call->order_by, O);
}
call(E) ::= path(F) LPAREN DISTINCT call_args(A) nulls_opt(N) order_opt(O) RPAREN. {
    E = expr_call(p, F, A); E->call->quantifier = QUANTIFIER_DISTINCT; E->call->nulls = N; call_order(p, E, &E->call->order_by, O);
}
call(E) ::= path(F) LPAREN ALL call_args(A) nulls_opt(N) order_opt(O) RPAREN. {
    E = expr_call(p, F, A); E->call->quantifier = QUANTIFIER_ALL; E->call->nulls = N; call_order(p, E, &E->call->order_by, O);
}
call(E) ::= call(C) NULL_TREATMENT(T).                  { E = C; E->call->nulls = (NullTreatment)T.sub; E->width = span_to_end(p, E->pos); }
call(E) ::= call(C) WITHIN_GROUP LPAREN ORDER BY orders(O) RPAREN. { E = C; E->width = span_to_end(p, E->pos); call_order(p, E, &E->call->within_group, O); }
call(E) ::= call(C) FILTER LPAREN WHERE expr(F) RPAREN. { E = C; E->width = span_to_end(p, E->pos); E->call->filter = F; expr_over(p, E, F); }
call(E) ::= call(C) OVER nm(N).                         {
    E = C; E->width = span_to_end(p, E->pos);
    WindowSpec *w = arena_make(p->arena, WindowSpec);
    w->by_name = true; w->base = N; w->pos = N.pos; w->width = N.width;
    call_over(p, E, w);
}
call(E) ::= call(C) OVER LPAREN(T) window_spec(W) RPAREN. { E = C; E->width = span_to_end(p, E->pos); W->pos = T.pos; W->width = span_to_end(p, T.pos); call_over(p, E, W); }
%type nulls_opt {NullTreatment}
nulls_opt(N) ::= .                   { N = NULLS_AS_DEFAULT; }
nulls_opt(N) ::= NULL_TREATMENT(T).  { N = (NullTreatment)T.sub; }

%type call_args {ExprList}
call_args(L) ::= .         { L = (ExprList){0}; }
call_args(L) ::= args(A).  { L = args_settle(p, A); }
%type args {ExprList}
args(L) ::= arg(E).                { L = (ExprList){0}; list_push(p, L, E); }
args(L) ::= args(A) COMMA arg(E).  { L = A; list_push(p, L, E); }
%type arg {Expr *}
arg(E) ::= arg_value(A).      { E = A; }
arg(E) ::= nm(N) ARROW arg_value(A). {
    E = expr_new(p, EXPR_NAMED_ARG, N.pos); E->named_arg.name = N; E->named_arg.arg = A; expr_over(p, E, A);
}
%type arg_value {Expr *}
arg_value(E) ::= expr(A).     { E = A; }
arg_value(E) ::= star(A).     { E = A; }
arg_value(E) ::= DESCRIPTOR(T) LPAREN names(L) RPAREN. { E = expr_new(p, EXPR_DESCRIPTOR, T.pos); E->descriptor = L; }
arg_value(E) ::= table_arg(T). [UNARY] { E = expr_table_arg(p, T->pos, T, NULL, (OrderList){0}); }
arg_value(E) ::= table_arg(T) ORDER BY order(O). { OrderList o = {0}; list_push(p, o, O); E = expr_table_arg(p, T->pos, T, NULL, o); }
arg_value(E) ::= table_arg(T) PARTITION_BY expr(B). [UNARY] { E = expr_table_arg(p, T->pos, T, B, (OrderList){0}); }
arg_value(E) ::= table_arg(T) PARTITION_BY expr(B) ORDER BY order(O). { OrderList o = {0}; list_push(p, o, O); E = expr_table_arg(p, T->pos, T, B, o); }
%type table_arg {TableRef *}
table_arg(T) ::= TABLE(W) path(N).         { T = table_new(p, TABLE_NAME, W.pos); T->name.path = N; }
table_arg(T) ::= TABLE(W) query_paren(Q).  { T = table_query(p, Q); T->pos = W.pos; T->width = span_to_end(p, W.pos); }

%type window_spec {WindowSpec *}
window_spec(W) ::= base_opt(N) partition_by_opt(B) order_opt(O) frame(F). {
    W = F; W->base = N; W->partition_by = B; W->order_by = O;
}
%type base_opt {Name}
base_opt(N) ::= .       { N = (Name){0}; }
base_opt(N) ::= nm(A).  { N = A; }
%type partition_by_opt {ExprList}
partition_by_opt(L) ::= .                       { L = (ExprList){0}; }
partition_by_opt(L) ::= PARTITION_BY exprs(A).  { L = A; }
%type frame {WindowSpec *}
frame(W) ::= .                                      { W = arena_make(p->arena, WindowSpec); W->pos = p->end; }
frame(W) ::= frame_mode(M) bound(A).                { W = arena_make(p->arena, WindowSpec); W->mode = M; W->start = A; W->end = (FrameBound){.kind = BOUND_CURRENT_ROW, .pos = A.pos, .width = A.width}; }
frame(W) ::= frame_mode(M) BETWEEN bound(A) AND bound(B). { W = arena_make(p->arena, WindowSpec); W->mode = M; W->start = A; W->end = B; }
%type frame_mode {FrameMode}
frame_mode(M) ::= ROWS.   { M = FRAME_ROWS; }
frame_mode(M) ::= RANGE.  { M = FRAME_RANGE; }
%type bound {FrameBound}
bound(B) ::= UNBOUNDED(T).       { B = (FrameBound){(BoundKind)T.sub, NULL, T.pos, T.width}; }
bound(B) ::= CURRENT_ROW(T).     { B = (FrameBound){BOUND_CURRENT_ROW, NULL, T.pos, T.width}; }
bound(B) ::= expr(E) PRECEDING.  { B = (FrameBound){BOUND_PRECEDING, E, E->pos, span_to_end(p, E->pos)}; }
bound(B) ::= expr(E) FOLLOWING.  { B = (FrameBound){BOUND_FOLLOWING, E, E->pos, span_to_end(p, E->pos)}; }

// ---- Calls with words of their own; ast.h (Call) says what they become ----

%include {
static ExprList
args2(Parse *p, Expr *a, Expr *b)
{
    ExprList l = {0};
    list_push(p, l, a);
    list_push(p, l, b);
    return l;
}
static ExprList
args3(Parse *p, Expr *a, Expr *b, Expr *c)
{
    ExprList l = args2(p, a, b);
    list_push(p, l, c);
    return l;
}
}
call(E) ::= EXTRACT(T) LPAREN ID(U) FROM expr(A) RPAREN.      { E = expr_call_token(p, T, args2(p, expr_unit(p, U), A)); }
call(E) ::= CEIL(T) LPAREN call_args(L) RPAREN.               { E = expr_call_token(p, T, L); }
call(E) ::= CEIL(T) LPAREN expr(A) TO ID(U) RPAREN.           { E = expr_call_token(p, T, args2(p, A, expr_unit(p, U))); }
call(E) ::= TIMESTAMP_CALL(T) LPAREN ID(U) COMMA expr(A) COMMA expr(B) RPAREN. { E = expr_call_token(p, T, args3(p, expr_unit(p, U), A, B)); }
call(E) ::= TRIM(T) LPAREN exprs(L) RPAREN.                   { E = expr_call_token(p, T, L); }
call(E) ::= TRIM(T) LPAREN expr(C) FROM expr(A) RPAREN.       { Token both = T; both.width = 0; E = expr_call_token(p, T, args3(p, expr_symbol(p, both), C, A)); E->call->args.at[0]->symbol = STR("BOTH"); }
call(E) ::= TRIM(T) LPAREN trim_side(S) expr(A) RPAREN.       { E = expr_call_token(p, T, args2(p, S, A)); }
call(E) ::= TRIM(T) LPAREN trim_side(S) FROM expr(A) RPAREN.  { E = expr_call_token(p, T, args2(p, S, A)); }
call(E) ::= TRIM(T) LPAREN trim_side(S) expr(C) FROM expr(A) RPAREN. { E = expr_call_token(p, T, args3(p, S, C, A)); }
%type trim_side {Expr *}
trim_side(S) ::= BOTH|LEADING|TRAILING(T). { S = expr_symbol(p, T); }
call(E) ::= SUBSTRING(T) LPAREN exprs(L) RPAREN.                        { E = expr_call_token(p, T, L); }
call(E) ::= SUBSTRING(T) LPAREN expr(A) FROM expr(B) RPAREN.            { E = expr_call_token(p, T, args2(p, A, B)); }
call(E) ::= SUBSTRING(T) LPAREN expr(A) FROM expr(B) FOR expr(C) RPAREN. { E = expr_call_token(p, T, args3(p, A, B, C)); }
call(E) ::= OVERLAY(T) LPAREN exprs(L) RPAREN.                          { E = expr_call_token(p, T, L); }
call(E) ::= OVERLAY(T) LPAREN expr(A) PLACING expr(B) FROM expr(C) RPAREN. { E = expr_call_token(p, T, args3(p, A, B, C)); }
call(E) ::= OVERLAY(T) LPAREN expr(A) PLACING expr(B) FROM expr(C) FOR expr(D) RPAREN. { ExprList l = args3(p, A, B, C); list_push(p, l, D); E = expr_call_token(p, T, l); }
call(E) ::= POSITION(T) LPAREN exprs(L) RPAREN.                         { E = expr_call_token(p, T, L); }
call(E) ::= POSITION(T) LPAREN expr(A) POSITION_IN expr(B) RPAREN.      { E = expr_call_token(p, T, args2(p, A, B)); }
call(E) ::= POSITION(T) LPAREN expr(A) POSITION_IN expr(B) FROM expr(C) RPAREN. { E = expr_call_token(p, T, args3(p, A, B, C)); }

call(E) ::= JSON_VALUE|JSON_QUERY(T) LPAREN expr(A) COMMA expr(B) json_clauses(J) RPAREN. { E = expr_call_token(p, T, args2(p, A, B)); E->call->json = json_clause(p, J); }
call(E) ::= JSON_EXISTS(T) LPAREN expr(A) COMMA expr(B) json_clauses(J) RPAREN.          { E = expr_call_token(p, T, args2(p, A, B)); E->call->json = json_clause(p, J); }
%type json_clauses {JsonClause *}
json_clauses(J) ::= .                                  { J = arena_make(p->arena, JsonClause); }
json_clauses(J) ::= json_clauses(A) RETURNING type(T). { J = A; J->returning = T; }
json_clauses(J) ::= json_clauses(A) JSON_WRAPPER(W).   { J = A; J->wrapper = (JsonWrapper)W.sub; }
json_clauses(J) ::= json_clauses(A) JSON_BEHAVIOR(B).  { J = A; json_behavior(J, B.sub, NULL); }
json_clauses(J) ::= json_clauses(A) DEFAULT expr(E) ON_EMPTY. { J = A; json_behavior(J, JSON_ON_EMPTY(JSON_DEFAULT), E); }
json_clauses(J) ::= json_clauses(A) DEFAULT expr(E) ON_ERROR. { J = A; json_behavior(J, JSON_ON_ERROR(JSON_DEFAULT), E); }
call(E) ::= JSON_OBJECT(T) LPAREN json_on_null(N) RPAREN.               { E = expr_call_token(p, T, (ExprList){0}); E->call->json = json_clause(p, N); }
call(E) ::= JSON_OBJECT(T) LPAREN json_pairs(L) json_on_null(N) RPAREN. { E = expr_call_token(p, T, L); E->call->json = json_clause(p, N); }
call(E) ::= JSON_ARRAY(T) LPAREN json_on_null(N) RPAREN.                { E = expr_call_token(p, T, (ExprList){0}); E->call->json = json_clause(p, N); }
call(E) ::= JSON_ARRAY(T) LPAREN exprs(L) json_on_null(N) RPAREN.       { E = expr_call_token(p, T, L); E->call->json = json_clause(p, N); }
%type json_on_null {JsonClause *}
json_on_null(J) ::= .                   { J = arena_make(p->arena, JsonClause); }
json_on_null(J) ::= NULL_ON_NULL(T).    { J = arena_make(p->arena, JsonClause); J->on_null = (JsonOnNull)T.sub; }
json_on_null(J) ::= ABSENT_ON_NULL(T).  { J = arena_make(p->arena, JsonClause); J->on_null = (JsonOnNull)T.sub; }
%type json_pairs {ExprList}
json_pairs(L) ::= json_pair(A).                      { L = A; }
json_pairs(L) ::= json_pairs(B) COMMA json_pair(A).  { L = B; list_push(p, L, A.at[0]); list_push(p, L, A.at[1]); }
%type json_pair {ExprList}
json_pair(L) ::= expr(K) VALUE expr(V).      { L = args2(p, K, V); }
json_pair(L) ::= KEY expr(K) VALUE expr(V).  { L = args2(p, K, V); }
json_pair(L) ::= expr(K) COLON expr(V).      { L = args2(p, K, V); }

// ---- Types ----

%type type {TypeName *}
type(T) ::= typename(A).           { T = A; }
type(T) ::= typename(A) NOT NULL.  { T = A; T->nulls = NULLS_NOT; T->width = span_to_end(p, T->pos); }
type(T) ::= typename(A) NULL.      { T = A; T->nulls = NULLS_ALLOWED; T->width = span_to_end(p, T->pos); }
%type typename {TypeName *}
typename(T) ::= ID(N).                                              { T = type_new(p, N.pos, text_upper(p, name_make(p, N).text)); }
typename(T) ::= ID(N) VARYING(V).                                   { T = type_words(p, N.pos, N, V); }
typename(T) ::= ID(N) PRECISION(V).                                 { T = type_words(p, N.pos, N, V); }
typename(T) ::= ID(N) LPAREN INTEGER(A) RPAREN.                     { T = type_new(p, N.pos, text_upper(p, name_make(p, N).text)); type_params(p, T, &A, NULL); }
typename(T) ::= ID(N) VARYING(V) LPAREN INTEGER(A) RPAREN.          { T = type_words(p, N.pos, N, V); type_params(p, T, &A, NULL); }
typename(T) ::= ID(N) LPAREN INTEGER(A) COMMA INTEGER(B) RPAREN.    { T = type_new(p, N.pos, text_upper(p, name_make(p, N).text)); type_params(p, T, &A, &B); }
typename(T) ::= ID(N) LPAREN strings(L) RPAREN.                     { T = type_new(p, N.pos, text_upper(p, name_make(p, N).text)); T->texts = L; }
typename(T) ::= typename(A) WITH_LOCAL_TIME_ZONE.                   { T = type_zone(p, A, "TIMESTAMP_LTZ"); }
typename(T) ::= typename(A) WITH_TIME_ZONE.                         { T = type_zone(p, A, "TIMESTAMP_TZ"); }
typename(T) ::= typename(A) WITHOUT_TIME_ZONE.                      { T = type_zone(p, A, NULL); }
typename(T) ::= typename(A) ARRAY(W).                               { if (W.negated) A->nulls = NULLS_NOT; T = type_compose(p, A->pos, "ARRAY", A, NULL); }
typename(T) ::= typename(A) MULTISET(W).                            { if (W.negated) A->nulls = NULLS_NOT; T = type_compose(p, A->pos, "MULTISET", A, NULL); }
typename(T) ::= ARRAY_OF(W) LT type(A) GT.                          { T = type_compose(p, W.pos, "ARRAY", A, NULL); }
typename(T) ::= MULTISET_OF(W) LT type(A) GT.                       { T = type_compose(p, W.pos, "MULTISET", A, NULL); }
typename(T) ::= MAP_OF(W) LT type(A) COMMA type(B) GT.              { T = type_compose(p, W.pos, "MAP", A, B); }
typename(T) ::= ROW_OF(W) LT fields(L) GT.                          { T = type_row(p, W.pos, L); }
typename(T) ::= ROW(W) LPAREN fields(L) RPAREN.                     { T = type_row(p, W.pos, L); }
typename(T) ::= INTERVAL_TYPE(W) interval_qual(Q).                  { T = type_new(p, W.pos, STR("INTERVAL")); T->interval = Q; }
%type fields {TypeFieldList}
fields(L) ::= field(F).                  { L = (TypeFieldList){0}; list_push(p, L, F); }
fields(L) ::= fields(A) COMMA field(F).  { L = A; list_push(p, L, F); }
%type field {TypeField}
field(F) ::= nm(N) type(T).                    { F = (TypeField){N, T, {0}}; }
field(F) ::= nm(N) type(T) STRING(C).          { F = (TypeField){N, T, string_make(p, C)}; }
field(F) ::= nm(N) type(T) COMMENT STRING(C).  { F = (TypeField){N, T, string_make(p, C)}; }

// Which tokens could come next: for messages. The parser's own tables are asked, on a copy of
// its stack of states; no action runs. Exact: a keyword that would only do as a name does not
// count.
%code {
static YYACTIONTYPE
action_exact(YYCODETYPE token, YYACTIONTYPE state)
{
    if (state > YY_MAX_SHIFT) return state;
    int i = yy_shift_ofst[state] + token;
    if (i >= 0 && i < (int)(sizeof(yy_lookahead) / sizeof(yy_lookahead[0])) && yy_lookahead[i] == token) {
        return yy_action[i];
    }
    return yy_default[state];
}

int weir_parser_kinds(void);
int
weir_parser_kinds(void)
{
    return YYNTOKEN;
}

bool weir_parser_accepts(void *parser, int token);
bool
weir_parser_accepts(void *parser, int token)
{
    yyParser *y = parser;
    static const int states_max = YYSTACKDEPTH + 8;
    YYACTIONTYPE states[YYSTACKDEPTH + 8];
    int n = 0;
    for (yyStackEntry *e = y->yystack; e <= y->yytos; e++) states[n++] = e->stateno;
    for (;;) {
        YYACTIONTYPE act = action_exact((YYCODETYPE)token, states[n - 1]);
        if (act <= YY_MAX_SHIFTREDUCE || act == YY_ACCEPT_ACTION) return true;
        if (act < YY_MIN_REDUCE) return false;
        int rule = act - YY_MIN_REDUCE;
        n += yyRuleInfoNRhs[rule];
        if (n < 1 || n >= states_max) return false;
        states[n] = yy_find_reduce_action(states[n - 1], (YYCODETYPE)yyRuleInfoLhs[rule]);
        n++;
    }
}
}
