/* sub.h - how a JSON behaviour and its occasion share the one byte Token.sub. */
#pragma once

#define JSON_ON_EMPTY(behavior) (behavior)
#define JSON_ON_ERROR(behavior) ((behavior) | JSON_SUB_ERROR)
enum { JSON_SUB_ERROR = 0x40 };
