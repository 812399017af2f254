/*
 * QAPI metadata: the built-in types
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qapi/type.h"

#define QAPI_INT_TYPE(NAME, C_TYPE, SIGNED) \
    const QapiType qapi_type_##NAME = {     \
        .name = #NAME,                      \
        .kind = QAPI_KIND_INT,              \
        .width = sizeof(C_TYPE),            \
        .is_signed = SIGNED,                \
        .size = sizeof(C_TYPE),             \
        .doc = "",                          \
    }

QAPI_INT_TYPE(int, int64_t, true);
QAPI_INT_TYPE(int8, int8_t, true);
QAPI_INT_TYPE(int16, int16_t, true);
QAPI_INT_TYPE(int32, int32_t, true);
QAPI_INT_TYPE(int64, int64_t, true);
QAPI_INT_TYPE(uint8, uint8_t, false);
QAPI_INT_TYPE(uint16, uint16_t, false);
QAPI_INT_TYPE(uint32, uint32_t, false);
QAPI_INT_TYPE(uint64, uint64_t, false);

const QapiType qapi_type_str = {
    .name = "str",
    .kind = QAPI_KIND_STR,
    .size = sizeof(char *),
    .doc = "",
};

const QapiType qapi_type_bool = {
    .name = "bool",
    .kind = QAPI_KIND_BOOL,
    .size = sizeof(bool),
    .doc = "",
};

const QapiType qapi_type_size = {
    .name = "size",
    .kind = QAPI_KIND_SIZE,
    .width = sizeof(uint64_t),
    .size = sizeof(uint64_t),
    .doc = "",
};

const QapiType qapi_type_number = {
    .name = "number",
    .kind = QAPI_KIND_NUMBER,
    .size = sizeof(double),
    .doc = "",
};

const QapiType qapi_type_any = {
    .name = "any",
    .kind = QAPI_KIND_ANY,
    .size = sizeof(struct json_object *),
    .doc = "",
};

const QapiType qapi_type_null = {
    .name = "null",
    .kind = QAPI_KIND_NULL,
    .size = sizeof(bool),
    .doc = "",
};

const QapiType qapi_type_strList = {
    .name = "[str]",
    .kind = QAPI_KIND_LIST,
    .size = sizeof(strList),
    .doc = "",
    .element = &qapi_type_str,
};
