/*
 * QAPI: the walker, both inputs, JSON, introspection and command look-up
 *
 * Runs on a schema of its own (test-schema.json), which has one of
 * everything.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qapi/walker.h"

#include <string.h>

#include "test-qapi-types.h"

/* Helpers */

static json_object *parse(const char *text)
{
    json_object *out = NULL;
    GError *error = NULL;
    bool good = json_parse_strict(text, strlen(text), &out, &error);

    g_assert_no_error(error);
    g_assert_true(good);
    return out;
}

static void assert_json(json_object *value, const char *expected)
{
    int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;

    g_assert_cmpstr(json_object_to_json_string_ext(value, flags), ==,
                    expected);
    json_object_put(value);
}

/* A new value from JSON text, which must fit. */
static void *read_json(const QapiType *type, const char *text)
{
    json_object *in = parse(text);
    void *value = g_malloc0(type->size);
    GError *error = NULL;
    bool good = qapi_from_json(type, in, QAPI_INPUT_JSON, value, &error);

    g_assert_no_error(error);
    g_assert_true(good);
    json_object_put(in);
    return value;
}

/* A new value from key=value text, which must fit. */
static void *read_text(const QapiType *type, const char *text)
{
    GError *error = NULL;
    void *value = qapi_parse_option(type, text, NULL, NULL, &error);

    g_assert_no_error(error);
    g_assert_nonnull(value);
    return value;
}

/* JSON text in, the same or @expected out. */
static void round_trip(const QapiType *type, const char *text,
                       const char *expected)
{
    void *value = read_json(type, text);
    void *copy = g_malloc0(type->size);

    assert_json(qapi_to_json(type, value), expected ? expected : text);
    qapi_copy(type, value, copy);
    qapi_free(type, value);
    assert_json(qapi_to_json(type, copy), expected ? expected : text);
    qapi_free(type, copy);
}

static void assert_zero(const void *value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        g_assert_cmpint(((const char *)value)[i], ==, 0);
    }
}

static void assert_json_error(const QapiType *type, const char *text,
                              const char *expected)
{
    json_object *in = parse(text);
    g_autofree void *value = g_malloc0(type->size);
    g_autoptr(GError) error = NULL;

    g_assert_false(qapi_from_json(type, in, QAPI_INPUT_JSON, value, &error));
    g_assert_nonnull(error);
    g_assert_cmpstr(error->message, ==, expected);
    assert_zero(value, type->size);
    /* Whoever does not want the reason need not ask for it. */
    g_assert_false(qapi_from_json(type, in, QAPI_INPUT_JSON, value, NULL));
    json_object_put(in);
}

static void assert_text_error(const QapiType *type, const char *text,
                              const char *expected)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(qapi_parse_option(type, text, NULL, NULL, &error));
    g_assert_nonnull(error);
    g_assert_cmpstr(error->message, ==, expected);
}

/* Scalars */

#define SCALARS_MIN \
    "{\"s\":\"\",\"b\":false,\"i\":-9223372036854775808,\"i8\":-128," \
    "\"i16\":-32768,\"i32\":-2147483648,\"i64\":-9223372036854775808," \
    "\"u8\":0,\"u16\":0,\"u32\":0,\"u64\":0,\"z\":0,\"n\":-1.5," \
    "\"colour\":\"blue\"}"
#define SCALARS_MAX \
    "{\"s\":\"x\",\"b\":true,\"i\":9223372036854775807,\"i8\":127," \
    "\"i16\":32767,\"i32\":2147483647,\"i64\":9223372036854775807," \
    "\"u8\":255,\"u16\":65535,\"u32\":4294967295," \
    "\"u64\":18446744073709551615,\"z\":18446744073709551615,\"n\":0.1," \
    "\"colour\":\"3d\"}"

static void test_scalars_json(void)
{
    TestScalars *value = read_json(&qapi_type_TestScalars, SCALARS_MAX);

    g_assert_cmpstr(value->s, ==, "x");
    g_assert_true(value->b);
    g_assert_cmpint(value->i, ==, INT64_MAX);
    g_assert_cmpint(value->i8, ==, INT8_MAX);
    g_assert_cmpint(value->i16, ==, INT16_MAX);
    g_assert_cmpint(value->i32, ==, INT32_MAX);
    g_assert_cmpint(value->i64, ==, INT64_MAX);
    g_assert_cmpuint(value->u8, ==, UINT8_MAX);
    g_assert_cmpuint(value->u16, ==, UINT16_MAX);
    g_assert_cmpuint(value->u32, ==, UINT32_MAX);
    g_assert_cmpuint(value->u64, ==, UINT64_MAX);
    g_assert_cmpuint(value->z, ==, UINT64_MAX);
    g_assert_cmpfloat(value->n, ==, 0.1);
    g_assert_cmpint(value->colour, ==, TEST_COLOUR_3D);
    qapi_free(&qapi_type_TestScalars, value);

    round_trip(&qapi_type_TestScalars, SCALARS_MIN, NULL);
    round_trip(&qapi_type_number, "7", "7.0");
    round_trip(&qapi_type_int, "-1", NULL);
    round_trip(&qapi_type_str, "\"\"", NULL);
    round_trip(&qapi_type_null, "null", NULL);
    round_trip(&qapi_type_any, "[1,{\"a\":null}]", NULL);
    round_trip(&qapi_type_any, "null", NULL);
}

static void test_scalars_text(void)
{
    TestScalars *value = read_text(
        &qapi_type_TestScalars,
        "s=a=b,b=on,i=-0x10,i8=-128,i16=010,i32=+5,i64=-9223372036854775808,"
        "u8=0xff,u16=65535,u32=0,u64=18446744073709551615,z=3M,n=1e-2,"
        "colour=dark-red");

    g_assert_cmpstr(value->s, ==, "a=b");
    g_assert_true(value->b);
    g_assert_cmpint(value->i, ==, -16);
    g_assert_cmpint(value->i8, ==, -128);
    g_assert_cmpint(value->i16, ==, 8);
    g_assert_cmpint(value->i32, ==, 5);
    g_assert_cmpint(value->i64, ==, INT64_MIN);
    g_assert_cmpuint(value->u8, ==, 255);
    g_assert_cmpuint(value->u64, ==, UINT64_MAX);
    g_assert_cmpuint(value->z, ==, 3 << 20);
    g_assert_cmpfloat(value->n, ==, 0.01);
    g_assert_cmpint(value->colour, ==, TEST_COLOUR_DARK_RED);
    qapi_free(&qapi_type_TestScalars, value);
}

static void read_scalar_text(const QapiType *type, const char *text,
                             void *value, const char *expected)
{
    json_object *in = json_object_new_string(text);
    g_autoptr(GError) error = NULL;
    bool good = qapi_from_json(type, in, QAPI_INPUT_TEXT, value, &error);

    g_assert_cmpstr(error ? error->message : NULL, ==, expected);
    g_assert_cmpint(good, ==, !expected);
    json_object_put(in);
}

static void test_text_forms(void)
{
    static const struct {
        const char *text;
        bool value;
    } truths[] = {
        { "on", true }, { "off", false }, { "yes", true }, { "no", false },
        { "true", true }, { "false", false }, { "y", true }, { "n", false },
    };
    static const struct {
        const char *text;
        uint64_t value;
    } sizes[] = {
        { "0", 0 }, { "1", 1 }, { "1k", 1 << 10 }, { "1K", 1 << 10 },
        { "0x10", 16 }, { "1M", 1 << 20 }, { "2G", UINT64_C(2) << 30 },
        { "1T", UINT64_C(1) << 40 }, { "1P", UINT64_C(1) << 50 },
        { "15E", UINT64_C(15) << 60 }, { "0x1E", 30 },
        { "18446744073709551615", UINT64_MAX },
    };
    static const char *const bad_sizes[] = {
        "", "k", "-1", "16E", "1X", "1kk", "1kB", " 1", "1 ",
        "18446744073709551616", "17179869184G",
    };
    static const char *const bad_ints[] = {
        "", "x", "1x", " 1", "1 ", "0x", "--1", "+-1", "1.0", "-",
    };
    static const char *const bad_numbers[] = {
        "", "x", "1x", " 1", "nan", "inf", "1e999",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(truths); i++) {
        bool value = !truths[i].value;

        read_scalar_text(&qapi_type_bool, truths[i].text, &value, NULL);
        g_assert_cmpint(value, ==, truths[i].value);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        uint64_t value = ~sizes[i].value;

        read_scalar_text(&qapi_type_size, sizes[i].text, &value, NULL);
        g_assert_cmpuint(value, ==, sizes[i].value);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad_sizes); i++) {
        uint64_t value = 0;

        read_scalar_text(&qapi_type_size, bad_sizes[i], &value,
                         "Parameter 'size' expects a size");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad_ints); i++) {
        uint8_t value = 0;

        read_scalar_text(&qapi_type_uint8, bad_ints[i], &value,
                         "Parameter 'uint8' expects an integer");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad_numbers); i++) {
        double value = 0;

        read_scalar_text(&qapi_type_number, bad_numbers[i], &value,
                         "Parameter 'number' expects a number");
    }
}

/* One bit beyond either end of every integer type, in both inputs. */
static void test_ranges(void)
{
    static const struct {
        const QapiType *type;
        const char *name;
        const char *least, *below;
        const char *most, *above;
    } rows[] = {
        { &qapi_type_int8, "int8_t", "-128", "-129", "127", "128" },
        { &qapi_type_int16, "int16_t", "-32768", "-32769", "32767", "32768" },
        { &qapi_type_int32, "int32_t", "-2147483648", "-2147483649",
          "2147483647", "2147483648" },
        { &qapi_type_int64, "int64_t", "-9223372036854775808", NULL,
          "9223372036854775807", "9223372036854775808" },
        { &qapi_type_int, "int64_t", "-9223372036854775808", NULL,
          "9223372036854775807", "18446744073709551615" },
        { &qapi_type_uint8, "uint8_t", "0", "-1", "255", "256" },
        { &qapi_type_uint16, "uint16_t", "0", "-1", "65535", "65536" },
        { &qapi_type_uint32, "uint32_t", "0", "-1", "4294967295",
          "4294967296" },
        { &qapi_type_uint64, "uint64_t", "0", "-9223372036854775808",
          "18446744073709551615", NULL },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const QapiType *type = rows[i].type;
        g_autofree char *expected = g_strdup_printf(
            "Parameter '%s' expects %s", type->name, rows[i].name);
        const char *const good[] = { rows[i].least, rows[i].most };
        const char *const bad[] = { rows[i].below, rows[i].above };

        for (int j = 0; j < 2; j++) {
            uint64_t value = 0;

            round_trip(type, good[j], NULL);
            read_scalar_text(type, good[j], &value, NULL);
            assert_json(qapi_to_json(type, &value), good[j]);
            if (bad[j]) {
                assert_json_error(type, bad[j], expected);
                read_scalar_text(type, bad[j], &value, expected);
            }
        }
    }

    uint64_t value = 0;

    read_scalar_text(&qapi_type_uint64, "18446744073709551616", &value,
                     "Parameter 'uint64' expects uint64_t");
    read_scalar_text(&qapi_type_int64, "-9223372036854775809", &value,
                     "Parameter 'int64' expects int64_t");
    read_scalar_text(&qapi_type_uint64, "-0", &value, NULL);
    g_assert_cmpuint(value, ==, 0);
}

/* Structs */

static void test_errors_json(void)
{
    static const struct {
        const QapiType *type;
        const char *text;
        const char *expected;
    } rows[] = {
        { &qapi_type_TestInner, "{}", "Parameter 'x' is missing" },
        { &qapi_type_TestInner, "{'x':1,'zz':2}",
          "Parameter 'zz' is unexpected" },
        { &qapi_type_TestInner, "{'zz':2}", "Parameter 'zz' is unexpected" },
        { &qapi_type_TestInner, "{'x':1,'y':null}",
          "Invalid parameter type for 'y', expected: string" },
        { &qapi_type_TestInner, "{'x':'1'}",
          "Invalid parameter type for 'x', expected: integer" },
        { &qapi_type_TestInner, "{'x':1.0}",
          "Invalid parameter type for 'x', expected: integer" },
        { &qapi_type_TestInner, "{'x':null}",
          "Invalid parameter type for 'x', expected: integer" },
        { &qapi_type_TestInner, "{'x':256}", "Parameter 'x' expects uint8_t" },
        { &qapi_type_TestInner, "{'x':-1}", "Parameter 'x' expects uint8_t" },
        { &qapi_type_TestInner, "[]",
          "Invalid parameter type for 'TestInner', expected: object" },
        { &qapi_type_TestInner, "null",
          "Invalid parameter type for 'TestInner', expected: object" },
        { &qapi_type_TestOptional, "{'s':1}",
          "Invalid parameter type for 's', expected: string" },
        { &qapi_type_TestOptional, "{'b':'on'}",
          "Invalid parameter type for 'b', expected: boolean" },
        { &qapi_type_TestOptional, "{'b':1}",
          "Invalid parameter type for 'b', expected: boolean" },
        { &qapi_type_TestOptional, "{'colour':1}",
          "Invalid parameter type for 'colour', expected: string" },
        { &qapi_type_TestOptional, "{'colour':'red'}",
          "Parameter 'colour' does not accept value 'red' "
          "(known: blue, dark-red, 3d)" },
        { &qapi_type_TestOptional, "{'inner':[]}",
          "Invalid parameter type for 'inner', expected: object" },
        { &qapi_type_TestOptional, "{'inner':{}}",
          "Parameter 'inner.x' is missing" },
        { &qapi_type_TestOptional, "{'s':'kept','inner':{'x':1,'q':2}}",
          "Parameter 'inner.q' is unexpected" },
        { &qapi_type_TestOptional, "{'list':'a'}",
          "Invalid parameter type for 'list', expected: array" },
        { &qapi_type_TestOptional, "{'list':['a','b',3]}",
          "Invalid parameter type for 'list[2]', expected: string" },
        { &qapi_type_TestOptional, "{'inners':[{'x':1},{'x':300}]}",
          "Parameter 'inners[1].x' expects uint8_t" },
        { &qapi_type_TestOptional, "{'nothing':0}",
          "Invalid parameter type for 'nothing', expected: null" },
        { &qapi_type_TestOptional, "{'alt':1.5}",
          "Invalid parameter type for 'alt', expected: TestAlt" },
        { &qapi_type_TestOptional, "{'alt':70000}",
          "Parameter 'alt' expects uint16_t" },
        { &qapi_type_TestOptional, "{'alt':{'x':1,'z':1}}",
          "Parameter 'alt.z' is unexpected" },
        { &qapi_type_TestDefaults, "{'ratio':'1'}",
          "Invalid parameter type for 'ratio', expected: number" },
        { &qapi_type_TestUnion, "{}", "Parameter 'kind' is missing" },
        { &qapi_type_TestUnion, "{'kind':'pipe'}",
          "Parameter 'kind' does not accept value 'pipe' "
          "(known: unix, inet, tree, none)" },
        { &qapi_type_TestUnion, "{'kind':'inet','path':'x'}",
          "Parameter 'path' is unexpected" },
        { &qapi_type_TestUnion, "{'kind':'none','path':'x'}",
          "Parameter 'path' is unexpected" },
        { &qapi_type_TestUnion, "{'kind':'inet'}",
          "Parameter 'host' is missing" },
        { &qapi_type_TestUnion, "{'kind':'inet','host':'h','ports':[1,-1]}",
          "Parameter 'ports[1]' expects uint16_t" },
        { &qapi_type_TestHolder, "{}", "Parameter 'empty' is missing" },
        { &qapi_type_TestHolder, "{'empty':{'a':1}}",
          "Parameter 'empty.a' is unexpected" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        assert_json_error(rows[i].type, rows[i].text, rows[i].expected);
    }
}

static void test_errors_text(void)
{
    static const struct {
        const QapiType *type;
        const char *text;
        const char *expected;
    } rows[] = {
        { &qapi_type_TestInner, "", "Parameter 'x' is missing" },
        { &qapi_type_TestInner, "y=1", "Parameter 'x' is missing" },
        { &qapi_type_TestInner, "x=1,bogus=2", "Invalid parameter 'bogus'" },
        { &qapi_type_TestInner, "xx=1",
          "Invalid parameter 'xx'" },
        { &qapi_type_TestDefaults, "oem_id=1",
          "Invalid parameter 'oem_id' (did you mean 'oem-id'?)" },
        { &qapi_type_TestDefaults, "oen-ids=1",
          "Invalid parameter 'oen-ids' (did you mean 'oem-id'?)" },
        { &qapi_type_TestDefaults, "version=1", "Invalid parameter 'version'" },
        { &qapi_type_TestUnion, "kind=unix,pth=/x",
          "Invalid parameter 'pth' (did you mean 'path'?)" },
        { &qapi_type_TestOptional, "inner.x=1,inner.w.v=1",
          "Invalid parameter 'inner.w'" },
        { &qapi_type_TestInner, "x=one", "Parameter 'x' expects an integer" },
        { &qapi_type_TestInner, "x=256", "Parameter 'x' expects uint8_t" },
        { &qapi_type_TestInner, "x=-1", "Parameter 'x' expects uint8_t" },
        { &qapi_type_TestOptional, "b=1",
          "Parameter 'b' expects 'on' or 'off'" },
        { &qapi_type_TestOptional, "b=ON",
          "Parameter 'b' expects 'on' or 'off'" },
        { &qapi_type_TestDefaults, "ratio=x",
          "Parameter 'ratio' expects a number" },
        { &qapi_type_TestDefaults, "mem-size=1Q",
          "Parameter 'mem-size' expects a size" },
        { &qapi_type_TestDefaults, "colour=red",
          "Parameter 'colour' does not accept value 'red' "
          "(known: blue, dark-red, 3d)" },
        { &qapi_type_TestOptional, "inner=1",
          "Invalid parameter type for 'inner', expected: object" },
        { &qapi_type_TestOptional, "list=1",
          "Invalid parameter type for 'list', expected: array" },
        { &qapi_type_TestOptional, "list.a=1",
          "Invalid parameter type for 'list', expected: array" },
        { &qapi_type_TestOptional, "s.a=1",
          "Invalid parameter type for 's', expected: string" },
        { &qapi_type_TestOptional, "b.0=on",
          "Invalid parameter type for 'b', expected: boolean" },
        { &qapi_type_TestOptional, "inners.0.x=1,inners.1.x=z",
          "Parameter 'inners.1.x' expects an integer" },
        { &qapi_type_TestOptional, "nothing=x",
          "Invalid parameter type for 'nothing', expected: null" },
        { &qapi_type_TestOptional, "alt=70000",
          "Parameter 'alt' expects uint16_t" },
        { &qapi_type_TestLists, "either=red",
          "Parameter 'either' does not accept value 'red' "
          "(known: blue, dark-red, 3d)" },
        /* key=value text itself */
        { &qapi_type_TestInner, "=1", "Invalid parameter ''" },
        { &qapi_type_TestInner, ",x=1", "Invalid parameter ''" },
        { &qapi_type_TestInner, "x=1,=2", "Invalid parameter ''" },
        { &qapi_type_TestInner, "y.=1", "Invalid parameter 'y.'" },
        { &qapi_type_TestInner, ".y=1", "Invalid parameter '.y'" },
        { &qapi_type_TestInner, "y..z=1", "Invalid parameter 'y..z'" },
        { &qapi_type_TestInner, "/tmp/slic.bin",
          "Invalid parameter '/tmp/slic.bin'" },
        { &qapi_type_TestInner, "x,,y=1", "Invalid parameter 'x,y'" },
        { &qapi_type_TestInner, "y=1,y.z=2",
          "Parameter 'y.z' is inside one that has a value" },
        { &qapi_type_TestInner, "y.z=2,y=1",
          "Parameter 'y' cannot have a value, there are others inside it" },
        { &qapi_type_TestInner, "y.0=2,y.z=1",
          "Parameter 'y.z' is used both as a list and as an object" },
        { &qapi_type_TestInner, "y.1=2",
          "Parameter 'y.1' leaves out item 0 of its list" },
        { &qapi_type_TestInner, "y.0=1,y.2=2",
          "Parameter 'y.2' leaves out item 1 of its list" },
        { &qapi_type_TestInner, "y.99999999999999999999=1",
          "Parameter 'y.99999999999999999999' leaves out item 0 of its list" },
        { &qapi_type_TestInner, "{'x':1",
          "JSON parse error, expecting ',' or '}'" },
        { &qapi_type_TestInner, "{'x':'1'}",
          "Invalid parameter type for 'x', expected: integer" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        assert_text_error(rows[i].type, rows[i].text, rows[i].expected);
    }
}

#define OPTIONAL_ALL \
    "{\"s\":\"a\",\"b\":false,\"int\":0,\"2nd\":-1,\"colour\":\"blue\"," \
    "\"inner\":{\"x\":1},\"list\":[\"p\",\"\"]," \
    "\"inners\":[{\"x\":2,\"y\":\"q\"},{\"x\":3}],\"alt\":\"t\"," \
    "\"any\":{\"k\":[1,null]},\"nothing\":null}"

static void test_optional(void)
{
    TestOptional *value = read_json(&qapi_type_TestOptional, "{}");

    assert_zero(value, sizeof(*value));
    for (uint32_t i = 0; i < qapi_type_TestOptional.n_members; i++) {
        g_assert_false(qapi_member_present(&qapi_type_TestOptional.members[i],
                                           value));
    }
    assert_json(qapi_to_json(&qapi_type_TestOptional, value), "{}");
    qapi_free(&qapi_type_TestOptional, value);

    value = read_json(&qapi_type_TestOptional, OPTIONAL_ALL);
    g_assert_true(value->has_b && !value->b);
    g_assert_true(value->has_int && value->q_int == 0);
    g_assert_true(value->has_2nd && value->q_2nd == -1);
    g_assert_true(value->has_colour && value->colour == TEST_COLOUR_BLUE);
    g_assert_cmpuint(value->inner->x, ==, 1);
    g_assert_null(value->inner->y);
    g_assert_true(value->has_list);
    g_assert_cmpuint(value->list.len, ==, 2);
    g_assert_cmpstr(value->list.items[0], ==, "p");
    g_assert_true(value->has_inners);
    g_assert_cmpuint(value->inners.len, ==, 2);
    g_assert_cmpstr(value->inners.items[0].y, ==, "q");
    g_assert_cmpuint(value->inners.items[1].x, ==, 3);
    g_assert_true(value->has_alt);
    g_assert_true(value->has_nothing && value->nothing);
    for (uint32_t i = 0; i < qapi_type_TestOptional.n_members; i++) {
        g_assert_true(qapi_member_present(&qapi_type_TestOptional.members[i],
                                          value));
    }
    qapi_free(&qapi_type_TestOptional, value);

    round_trip(&qapi_type_TestOptional, OPTIONAL_ALL, NULL);
    /* An empty list is there, an absent one is not. */
    round_trip(&qapi_type_TestOptional, "{\"list\":[]}", NULL);
    /* json-c has no null that is not NULL: this one cannot be told. */
    round_trip(&qapi_type_TestOptional, "{\"any\":null}", "{}");
    round_trip(&qapi_type_TestDerived, "{\"x\":1,\"y\":\"a\",\"more\":true}",
               NULL);
    round_trip(&qapi_type_TestHolder, "{\"empty\":{}}", NULL);
}

#define DEFAULTS_ALL \
    "{\"oem-id\":\"FIR\\\"MNT\",\"rev\":1,\"on\":true,\"off\":false," \
    "\"ratio\":0.5,\"mem-size\":134217728,\"colour\":\"dark-red\"," \
    "\"min\":-9223372036854775808}"

static void test_defaults(void)
{
    TestDefaults *value = qapi_new(&qapi_type_TestDefaults);

    g_assert_cmpstr(value->oem_id, ==, "FIR\"MNT");
    g_assert_cmpuint(value->rev, ==, 1);
    g_assert_true(value->on);
    g_assert_false(value->off);
    g_assert_cmpfloat(value->ratio, ==, 0.5);
    g_assert_cmpuint(value->mem_size, ==, 128 << 20);
    g_assert_cmpint(value->colour, ==, TEST_COLOUR_DARK_RED);
    g_assert_cmpint(value->min, ==, INT64_MIN);
    g_assert_false(value->has_oem_id || value->has_rev || value->has_on ||
                   value->has_off || value->has_ratio ||
                   value->has_mem_size || value->has_colour ||
                   value->has_min);
    assert_json(qapi_to_json(&qapi_type_TestDefaults, value), DEFAULTS_ALL);
    qapi_free(&qapi_type_TestDefaults, value);

    value = read_json(&qapi_type_TestDefaults, "{'rev':1,'off':true}");
    g_assert_true(value->has_rev && value->rev == 1);
    g_assert_true(value->has_off && value->off);
    g_assert_false(value->has_on);
    g_assert_true(value->on);
    g_assert_cmpstr(value->oem_id, ==, "FIR\"MNT");
    qapi_free(&qapi_type_TestDefaults, value);
    round_trip(&qapi_type_TestDefaults, "{}", DEFAULTS_ALL);

    /* A discriminator's default brings its arm's defaults with it. */
    TestTree *tree = qapi_new(&qapi_type_TestTree);

    g_assert_cmpint(tree->shape, ==, TEST_SHAPE_NODE);
    g_assert_cmpstr(tree->u.node.label, ==, "n");
    qapi_free(&qapi_type_TestTree, tree);

    /* Without one there is no arm to fill. */
    TestUnion *any = qapi_new(&qapi_type_TestUnion);

    assert_zero(any, sizeof(*any));
    qapi_free(&qapi_type_TestUnion, any);
}

static void test_unions(void)
{
    TestUnion *value = read_json(&qapi_type_TestUnion,
                                 "{'path':'/p','kind':'unix','id':'a'}");

    g_assert_cmpstr(value->id, ==, "a");
    g_assert_cmpint(value->kind, ==, TEST_KIND_UNIX);
    g_assert_cmpstr(value->u.q_unix.path, ==, "/p");
    g_assert_true(value->u.q_unix.server && !value->u.q_unix.has_server);
    qapi_free(&qapi_type_TestUnion, value);

    value = read_text(&qapi_type_TestUnion,
                      "kind=inet,host=::1,ports.0=80,ports.1=0x1bb");
    g_assert_null(value->id);
    g_assert_cmpstr(value->u.inet.host, ==, "::1");
    g_assert_cmpuint(value->u.inet.ports.len, ==, 2);
    g_assert_cmpuint(value->u.inet.ports.items[1], ==, 443);
    qapi_free(&qapi_type_TestUnion, value);

    round_trip(&qapi_type_TestUnion, "{\"kind\":\"none\"}", NULL);
    round_trip(&qapi_type_TestUnion,
               "{\"kind\":\"inet\",\"host\":\"h\",\"ports\":[1,65535]}", NULL);
    /* An arm that is a union: its members stand beside the outer ones. */
    round_trip(&qapi_type_TestUnion,
               "{\"kind\":\"tree\",\"shape\":\"leaf\"}", NULL);
    round_trip(&qapi_type_TestUnion,
               "{\"kind\":\"tree\",\"left\":{\"shape\":\"leaf\"},\"right\":"
               "{\"kind\":\"unix\",\"path\":\"p\"}}",
               "{\"kind\":\"tree\",\"shape\":\"node\",\"left\":"
               "{\"shape\":\"leaf\"},\"right\":{\"kind\":\"unix\","
               "\"path\":\"p\",\"server\":true},\"label\":\"n\"}");
    assert_json_error(&qapi_type_TestUnion,
                      "{'kind':'tree','shape':'leaf','label':'x'}",
                      "Parameter 'label' is unexpected");

    const QapiBranch *arm = qapi_find_branch(&qapi_type_TestUnion, "inet");

    g_assert_true(arm->type == &qapi_type_TestInet);
    g_assert_null(qapi_find_branch(&qapi_type_TestUnion, "none")->type);
    g_assert_null(qapi_find_branch(&qapi_type_TestUnion, "pipe"));
    g_assert_true(qapi_find_member(&qapi_type_TestUnion, "kind") ==
                  qapi_type_TestUnion.discriminator);
    g_assert_null(qapi_find_member(&qapi_type_TestUnion, "path"));
}

static void test_alternates(void)
{
    static const struct {
        const char *json;
        QapiAlternateKind kind;
    } rows[] = {
        { "\"5\"", TEST_ALT_KIND_TEXT },
        { "5", TEST_ALT_KIND_INT },
        { "true", TEST_ALT_KIND_FLAG },
        { "{\"x\":1}", TEST_ALT_KIND_OBJECT },
        { "[\"a\",\"b\"]", TEST_ALT_KIND_LIST },
        { "null", TEST_ALT_KIND_NONE },
    };
    static const struct {
        const char *text;
        QapiAlternateKind kind;
    } texts[] = {
        { "alt=5", TEST_ALT_KIND_INT }, { "alt=5x", TEST_ALT_KIND_TEXT },
        { "alt=on", TEST_ALT_KIND_FLAG }, { "alt=", TEST_ALT_KIND_TEXT },
        { "alt.x=1", TEST_ALT_KIND_OBJECT }, { "alt.0=1", TEST_ALT_KIND_LIST },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        TestAlt *value = read_json(&qapi_type_TestAlt, rows[i].json);

        g_assert_cmpuint(value->type, ==, rows[i].kind);
        qapi_free(&qapi_type_TestAlt, value);
        round_trip(&qapi_type_TestAlt, rows[i].json, NULL);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        TestOptional *value = read_text(&qapi_type_TestOptional,
                                        texts[i].text);

        g_assert_cmpuint(value->alt.type, ==, texts[i].kind);
        qapi_free(&qapi_type_TestOptional, value);
    }

    TestLists *lists = read_text(&qapi_type_TestLists, "either=3d");

    g_assert_cmpuint(lists->either.type, ==, TEST_COLOUR_ALT_KIND_COLOUR);
    g_assert_cmpint(lists->either.u.colour, ==, TEST_COLOUR_3D);
    qapi_free(&qapi_type_TestLists, lists);
    lists = read_text(&qapi_type_TestLists, "either=2.5");
    g_assert_cmpuint(lists->either.type, ==, TEST_COLOUR_ALT_KIND_RATIO);
    g_assert_cmpfloat(lists->either.u.ratio, ==, 2.5);
    qapi_free(&qapi_type_TestLists, lists);
}

static void test_lists(void)
{
    round_trip(&qapi_type_TestLists,
               "{\"colours\":[\"3d\",\"blue\"],\"anys\":[null,1,\"a\"],"
               "\"alts\":[\"a\",1,null,{\"x\":1},[\"z\"]],"
               "\"unions\":[{\"kind\":\"none\"},{\"kind\":\"unix\","
               "\"path\":\"p\",\"server\":false}],\"nulls\":[null,null],"
               "\"either\":\"blue\"}", NULL);
    round_trip(&qapi_type_strList, "[]", NULL);
    round_trip(&qapi_type_TestInnerList, "[{\"x\":1},{\"x\":2}]", NULL);
    assert_json_error(&qapi_type_TestLists, "{'nulls':[null,1]}",
                      "Invalid parameter type for 'nulls[1]', expected: null");

    TestInnerList list = { 0 };

    for (unsigned i = 0; i < 100; i++) {
        TestInner *item = qapi_list_append(&qapi_type_TestInnerList, &list);

        assert_zero(item, sizeof(*item));
        item->x = (uint8_t)i;
        item->y = g_strdup("y");
    }
    g_assert_cmpuint(list.len, ==, 100);
    g_assert_cmpuint(list.items[99].x, ==, 99);
    qapi_clear(&qapi_type_TestInnerList, &list);
    assert_zero(&list, sizeof(list));
}

static void test_copy(void)
{
    TestOptional *value = read_json(&qapi_type_TestOptional, OPTIONAL_ALL);
    TestOptional copy = { 0 };

    qapi_copy(&qapi_type_TestOptional, value, &copy);
    g_assert_true(copy.s != value->s && copy.inner != value->inner &&
                  copy.any != value->any &&
                  copy.list.items != value->list.items);
    /* A change of one is not seen in the other. */
    json_object_object_add(value->any, "k", NULL);
    value->inners.items[0].x = 77;
    assert_json(qapi_to_json(&qapi_type_TestOptional, &copy), OPTIONAL_ALL);
    qapi_free(&qapi_type_TestOptional, value);
    assert_json(qapi_to_json(&qapi_type_TestOptional, &copy), OPTIONAL_ALL);
    qapi_clear(&qapi_type_TestOptional, &copy);
    assert_zero(&copy, sizeof(copy));

    TestDefaults *named = read_json(&qapi_type_TestDefaults, "{'rev':3}");
    TestDefaults named_copy = { 0 };

    qapi_copy(&qapi_type_TestDefaults, named, &named_copy);
    g_assert_true(named_copy.has_rev && !named_copy.has_on);
    qapi_clear(&qapi_type_TestDefaults, &named_copy);
    qapi_free(&qapi_type_TestDefaults, named);
}

/* One member at a time */

static bool set_member(const QapiType *type, void *object, const char *name,
                       const char *json, GError **error)
{
    json_object *in = parse(json);
    bool good = qapi_member_from_json(qapi_find_member(type, name), in,
                                      QAPI_INPUT_JSON, object, error);

    json_object_put(in);
    return good;
}

static void test_member(void)
{
    const QapiType *type = &qapi_type_TestOptional;
    TestOptional *value = read_json(type, OPTIONAL_ALL);
    static const struct {
        const char *name, *bad, *error, *good;
    } rows[] = {
        { "s", "1", "Invalid parameter type for 's', expected: string",
          "\"new\"" },
        { "b", "2", "Invalid parameter type for 'b', expected: boolean",
          "true" },
        { "int", "-1", "Parameter 'int' expects uint32_t", "12" },
        { "2nd", "128", "Parameter '2nd' expects int8_t", "127" },
        { "inner", "{\"x\":1,\"y\":2}",
          "Invalid parameter type for 'inner.y', expected: string",
          "{\"x\":9}" },
        { "list", "[\"a\",1]",
          "Invalid parameter type for 'list[1]', expected: string",
          "[\"c\"]" },
        { "inners", "[{\"x\":1,\"y\":\"z\"},{}]",
          "Parameter 'inners[1].x' is missing", "[]" },
        { "alt", "[\"a\",1]",
          "Invalid parameter type for 'alt[1]', expected: string",
          "[\"l\"]" },
        { "nothing", "1",
          "Invalid parameter type for 'nothing', expected: null", "null" },
        { "any", NULL, NULL, "[2]" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const QapiMember *member = qapi_find_member(type, rows[i].name);
        g_autoptr(GError) error = NULL;

        if (rows[i].bad) {
            g_assert_false(set_member(type, value, rows[i].name, rows[i].bad,
                                      &error));
            g_assert_cmpstr(error->message, ==, rows[i].error);
            g_clear_error(&error);
            /* The old value is all there still. */
            assert_json(qapi_to_json(type, value), OPTIONAL_ALL);
        }

        TestOptional *fresh = qapi_new(type);

        g_assert_true(set_member(type, fresh, rows[i].name, rows[i].good,
                                 &error));
        g_assert_true(qapi_member_present(member, fresh));
        assert_json(qapi_member_to_json(member, fresh), rows[i].good);
        /* Over an old value as well. */
        g_assert_true(set_member(type, fresh, rows[i].name, rows[i].good,
                                 &error));
        qapi_free(type, fresh);
    }
    qapi_free(type, value);

    TestDefaults *named = qapi_new(&qapi_type_TestDefaults);
    GError *error = NULL;

    g_assert_true(set_member(&qapi_type_TestDefaults, named, "oem-id",
                             "\"NEW\"", &error));
    g_assert_true(named->has_oem_id);
    g_assert_cmpstr(named->oem_id, ==, "NEW");
    qapi_free(&qapi_type_TestDefaults, named);
}

/* Another arm's members must not be read as this arm's. */
static void test_member_discriminator(void)
{
    const QapiType *type = &qapi_type_TestUnion;
    TestUnion *value = read_json(type, "{'kind':'unix','path':'p'}");
    g_autoptr(GError) error = NULL;

    g_assert_false(set_member(type, value, "kind", "\"inet\"", &error));
    g_assert_cmpstr(error->message, ==, "Parameter 'kind' cannot be changed, "
                    "other parameters depend on it");
    g_clear_error(&error);
    g_assert_true(set_member(type, value, "kind", "\"unix\"", &error));
    assert_json(qapi_to_json(type, value),
                "{\"kind\":\"unix\",\"path\":\"p\",\"server\":true}");
    qapi_free(type, value);
}

/* Strings */

static void test_strings(void)
{
    static const char nul[] = "\"a\\u0000b\\u0000\"";
    char **text = read_json(&qapi_type_str, nul);

    g_assert_cmpstr(*text, ==, "a\xc0\x80" "b\xc0\x80");
    qapi_free(&qapi_type_str, text);
    round_trip(&qapi_type_str, nul, NULL);
    round_trip(&qapi_type_str, "\"\\u0000\"", NULL);
    round_trip(&qapi_type_str, "\"\xc3\xa4\xf0\x9f\x98\x80\"", NULL);
    round_trip(&qapi_type_str, "\"\\ud83d\\ude00\"",
               "\"\xf0\x9f\x98\x80\"");

    /* What came from the command line may be any bytes. */
    static const struct {
        const char *bytes, *json;
    } rows[] = {
        { "\xff", "\"\xef\xbf\xbd\"" },
        { "a\xc3", "\"a\xef\xbf\xbd\"" },
        { "\xc0\x80\xc0", "\"\\u0000\xef\xbf\xbd\"" },
        { "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
        { "x\xe4y", "\"x\xef\xbf\xbdy\"" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *bytes = rows[i].bytes;

        assert_json(qapi_to_json(&qapi_type_str, &bytes), rows[i].json);
    }

    const char *none = NULL;

    assert_json(qapi_to_json(&qapi_type_str, &none), "\"\"");
}

/* JSON text */

static void test_json_good(void)
{
    static const struct {
        const char *text, *expected;
    } rows[] = {
        { " null ", "null" }, { "true", "true" }, { "-0", "0" },
        { "1.5e3", "1.5e3" }, { "1E+2", "1E+2" }, { "\t[\r\n]", "[]" },
        { "{ }", "{}" }, { "[[],{}]", "[[],{}]" },
        { "18446744073709551615", "18446744073709551615" },
        { "-9223372036854775808", "-9223372036854775808" },
        { "'single'", "\"single\"" },
        { "'a\"b'", "\"a\\\"b\"" }, { "\"a'b\"", "\"a'b\"" },
        { "'a\\'b'", "\"a'b\"" }, { "\"a\\'b\"", "\"a'b\"" },
        { "'\\\"\\\\\\/\\b\\f\\n\\r\\t'", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"" },
        { "{'a':{'b':[1,2,{'c':'d'}]}}",
          "{\"a\":{\"b\":[1,2,{\"c\":\"d\"}]}}" },
        { "\"\\u00e4\"", "\"\xc3\xa4\"" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        assert_json(parse(rows[i].text), rows[i].expected);
    }
}

/** json-c takes a character whose low 16 bits look like half a surrogate pair
 *  for one, if it is written as a pair of escapes. */
static void test_json_surrogates(void)
{
    assert_json(parse("\"\\ud836\\udc00\""), "\"\xf0\x9d\xa0\x80\"");
    assert_json(parse("\"\\ud837\\udfff\""), "\"\xf0\x9d\xbf\xbf\"");
    assert_json(parse("\"\\uDB76\\udF6Dx\""), "\"\xf3\xad\xad\xadx\"");
    assert_json(parse("\"\\ud800\\udc00\""), "\"\xf0\x90\x80\x80\"");
    assert_json(parse("\"\\udbff\\udfff\""), "\"\xf4\x8f\xbf\xbf\"");
    assert_json(parse("{\"\\ud836\\udc00\": 1}"),
                "{\"\xf0\x9d\xa0\x80\":1}");
}

static void assert_json_fails(const char *text, size_t len,
                              const char *expected)
{
    json_object *out = (void *)text;
    g_autoptr(GError) error = NULL;

    g_assert_false(json_parse_strict(text, len, &out, &error));
    g_assert_null(out);
    g_assert_cmpstr(error->message, ==, expected);
}

static void test_json_bad(void)
{
#define ERR "JSON parse error, "
    static const struct {
        const char *text, *expected;
    } rows[] = {
        { "", ERR "expecting value" }, { " ", ERR "expecting value" },
        { "}", ERR "expecting value" }, { "]", ERR "expecting value" },
        { ",", ERR "expecting value" }, { "[1,]", ERR "expecting value" },
        { "[,1]", ERR "expecting value" }, { "[", ERR "expecting value" },
        { "{\"a\":", ERR "expecting value" },
        { "{\"a\":}", ERR "expecting value" },
        { "{'a':bad}", ERR "invalid keyword 'bad'" },
        { "NaN", ERR "invalid keyword 'NaN'" },
        { "nul", ERR "invalid keyword 'nul'" },
        { "nullx", ERR "invalid keyword 'nullx'" },
        { "True", ERR "invalid keyword 'True'" },
        { "{", ERR "expecting a member's name" },
        { "{1:2}", ERR "expecting a member's name" },
        { "{\"a\":1,}", ERR "expecting a member's name" },
        { "{\"a\" 1}", ERR "expecting ':'" },
        { "{\"a\"", ERR "expecting ':'" },
        { "{\"a\":1 \"b\"}", ERR "expecting ',' or '}'" },
        { "{\"a\":1]", ERR "expecting ',' or '}'" },
        { "[1 2]", ERR "expecting ',' or ']'" },
        { "[1}", ERR "expecting ',' or ']'" },
        { "{'a':1,'a':1}", ERR "duplicate key" },
        { "[{'a':{'b':1,'c':2,'\\u0062':3}}]", ERR "duplicate key" },
        { "1 2", ERR "text after the value" },
        { "{}}", ERR "text after the value" },
        { "\"abc", ERR "string is not closed" },
        { "\"abc'", ERR "string is not closed" },
        { "\"abc\\", ERR "string is not closed" },
        { "'\\x'", ERR "invalid escape sequence '\\x'" },
        { "'\\\xc3\xa4'", ERR "invalid escape sequence '\\'" },
        { "'\\u12'", ERR "invalid escape sequence '\\u12''" },
        { "'\\u12g4'", ERR "invalid escape sequence '\\u12g4'" },
        { "'\\ud800'", ERR "invalid escape sequence '\\ud800'" },
        { "'\\udc00'", ERR "invalid escape sequence '\\udc00'" },
        { "'\\ud800\\u0041'",
          ERR "invalid escape sequence '\\ud800\\u0041'" },
        { "{'\\u0000':1}", ERR "invalid escape sequence '\\u0000'" },
        { "'a\nb'", ERR "control character in a string" },
        { "01", ERR "invalid number '01'" },
        { "-", ERR "invalid number '-'" },
        { "1.", ERR "invalid number '1.'" },
        { "1e", ERR "invalid number '1e'" },
        { "[1e+]", ERR "invalid number '1e+'" },
        { "1.2.3", ERR "invalid number '1.2.3'" },
        { "0x10", ERR "invalid number '0x10'" },
        { "-Infinity", ERR "invalid number '-Infinity'" },
        { "+1", ERR "expecting value" },
        { "18446744073709551616",
          ERR "number is out of range: '18446744073709551616'" },
        { "-9223372036854775809",
          ERR "number is out of range: '-9223372036854775809'" },
        { "1e999", ERR "number is out of range: '1e999'" },
        { "\"\xff\"", ERR "invalid UTF-8" },
        { "\"\xc0\x80\"", ERR "invalid UTF-8" },
        { "\"\xed\xa0\x80\"", ERR "invalid UTF-8" },
    };
#undef ERR

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        assert_json_fails(rows[i].text, strlen(rows[i].text),
                          rows[i].expected);
    }
    /* A NUL is not the end of the text. */
    assert_json_fails("1\0", 2, "JSON parse error, invalid UTF-8");
}

static char *nested_text(const char *open, const char *inner,
                         const char *close, unsigned depth)
{
    GString *out = g_string_new(NULL);

    for (unsigned i = 0; i < depth; i++) {
        g_string_append(out, open);
    }
    g_string_append(out, inner);
    for (unsigned i = 0; i < depth; i++) {
        g_string_append(out, close);
    }
    return g_string_free(out, FALSE);
}

/* json-c's memory is hundreds of times the text's: it has to be bounded. */
static void test_json_many(void)
{
    static const char *const items[] = {
        "0,", "{},", "[],", "'',", "{'a':0},",
    };
    static const unsigned values[] = { 1, 1, 1, 1, 2 };

    for (size_t i = 0; i < G_N_ELEMENTS(items); i++) {
        /* The array and its last item are two more. */
        unsigned most = (65536 - 2) / values[i];
        g_autofree char *good = nested_text(items[i], "0]", "", most);
        g_autofree char *bad = nested_text(items[i], "0]", "", most + 1);
        g_autofree char *good_array = g_strconcat("[", good, NULL);
        g_autofree char *bad_array = g_strconcat("[", bad, NULL);
        json_object *array = NULL;

        g_assert_true(json_parse_strict(good_array, strlen(good_array),
                                        &array, NULL));
        g_assert_cmpuint(json_object_array_length(array), ==, most + 1);
        json_object_put(array);
        assert_json_fails(bad_array, strlen(bad_array),
                          "JSON parse error, more than 65536 values");
    }
}

static void test_deep(void)
{
    static const char *const forms[][3] = {
        { "[", "", "]" }, { "{\"self\":", "{}", "}" },
        { "{\"all\":[", "", "]}" },
    };
    /* The levels that one repetition and the innermost value add */
    static const unsigned levels[][2] = { { 1, 0 }, { 1, 1 }, { 2, 0 } };

    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        unsigned most = (1024 - levels[i][1]) / levels[i][0];
        g_autofree char *good = nested_text(forms[i][0], forms[i][1],
                                            forms[i][2], most);
        g_autofree char *bad = nested_text(forms[i][0], forms[i][1],
                                           forms[i][2], most + 1);

        assert_json_fails(bad, strlen(bad),
                          "JSON parse error, nested deeper than 1024");
        if (i == 0) {
            assert_json(parse(good), good);
        } else {
            round_trip(&qapi_type_TestNested, good, NULL);
        }
    }

    /* Open brackets only: no stack, no time. */
    g_autofree char *hostile = g_strnfill(1 << 20, '[');

    assert_json_fails(hostile, 1 << 20,
                      "JSON parse error, nested deeper than 1024");

    /* JSON that never was text is held to the same. */
    json_object *in = json_object_new_object();

    for (int i = 0; i < 1100; i++) {
        json_object *outer = json_object_new_object();

        json_object_object_add(outer, "self", in);
        in = outer;
    }

    TestNested value = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_false(qapi_from_json(&qapi_type_TestNested, in, QAPI_INPUT_JSON,
                                  &value, &error));
    g_assert_true(g_str_has_suffix(error->message, "expects less nesting"));
    assert_zero(&value, sizeof(value));
    json_object_put(in);
}

/* A valid document, cut or changed at every byte */
static void test_truncated(void)
{
    static const char *const documents[] = { SCALARS_MAX, OPTIONAL_ALL };
    static const QapiType *const types[] = {
        &qapi_type_TestScalars, &qapi_type_TestOptional,
    };
    static const char changes[] = "{}[]\",:'\\0-enx\x01\xff";

    for (size_t i = 0; i < G_N_ELEMENTS(documents); i++) {
        size_t len = strlen(documents[i]);

        for (size_t cut = 0; cut < len; cut++) {
            /* A copy of its own, so that a reader beyond it is caught. */
            g_autofree char *text = g_memdup2(documents[i], cut ? cut : 1);
            json_object *out;
            g_autoptr(GError) error = NULL;

            g_assert_false(json_parse_strict(text, cut, &out, &error));
            g_assert_true(g_str_has_prefix(error->message,
                                           "JSON parse error, "));
            g_assert_true(g_utf8_validate(error->message, -1, NULL));
        }
        for (size_t at = 0; at < len; at++) {
            for (size_t change = 0; change < sizeof(changes) - 1; change++) {
                g_autofree char *text = g_strdup(documents[i]);
                g_autofree void *value = g_malloc0(types[i]->size);
                json_object *out;

                text[at] = changes[change];
                if (json_parse_strict(text, len, &out, NULL)) {
                    if (qapi_from_json(types[i], out, QAPI_INPUT_JSON, value,
                                       NULL)) {
                        json_object_put(qapi_to_json(types[i], value));
                        qapi_clear(types[i], value);
                    }
                    assert_zero(value, types[i]->size);
                    json_object_put(out);
                } else {
                    g_assert_null(out);
                }
            }
        }
    }
}

/* key=value text */

static json_object *keyval(const char *text, const char *implied_key,
                           const QapiType *type, bool *help)
{
    json_object *into = json_object_new_object();
    GError *error = NULL;
    bool good = keyval_parse(text, implied_key, type, into, help, &error);

    g_assert_no_error(error);
    g_assert_true(good);
    return into;
}

static void test_keyval(void)
{
    static const struct {
        const char *text, *implied_key, *expected;
    } rows[] = {
        { "", NULL, "{}" },
        { "", "type", "{}" },
        { "a=1", NULL, "{\"a\":\"1\"}" },
        { "a=1,", NULL, "{\"a\":\"1\"}" },
        { "a=", NULL, "{\"a\":\"\"}" },
        { "a=,b=", NULL, "{\"a\":\"\",\"b\":\"\"}" },
        { "a=1,b=x=y,c", NULL, "{\"a\":\"1\",\"b\":\"x=y\",\"c\":\"on\"}" },
        { "a=x,,y,b=,,", NULL, "{\"a\":\"x,y\",\"b\":\",\"}" },
        { "a=,,,b=,,,,", NULL, "{\"a\":\",\",\"b\":\",,\"}" },
        { "a=1,a=2", NULL, "{\"a\":\"2\"}" },
        { "q35", "type", "{\"type\":\"q35\"}" },
        { "q35,x=1,y", "type",
          "{\"type\":\"q35\",\"x\":\"1\",\"y\":\"on\"}" },
        { "q,,35", "type", "{\"type\":\"q,35\"}" },
        { "type=q35", "type", "{\"type\":\"q35\"}" },
        { "x=1,q35", "type", "{\"x\":\"1\",\"q35\":\"on\"}" },
        { "a.b=1,a.c.d=2", NULL, "{\"a\":{\"b\":\"1\",\"c\":{\"d\":\"2\"}}}" },
        { "a.0=x,a.1=y,a.0=z", NULL, "{\"a\":[\"z\",\"y\"]}" },
        { "a.0.b=1,a.0.c=2,a.1.b=3", NULL,
          "{\"a\":[{\"b\":\"1\",\"c\":\"2\"},{\"b\":\"3\"}]}" },
        { "a.0.0=1,a.0.1=2", NULL, "{\"a\":[[\"1\",\"2\"]]}" },
        { "0=1", NULL, "{\"0\":\"1\"}" },
        { "help=1", NULL, "{\"help\":\"1\"}" },
        { "help", NULL, "{\"help\":\"on\"}" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        assert_json(keyval(rows[i].text, rows[i].implied_key, NULL, NULL),
                    rows[i].expected);
    }

    /* A second option adds to what the first has left. */
    json_object *into = keyval("a.b=1,c=1,l.0=x", NULL, NULL, NULL);

    g_assert_true(keyval_parse("a.d=2,c=2,l.1=y", NULL, NULL, into, NULL,
                               NULL));
    assert_json(into, "{\"a\":{\"b\":\"1\",\"d\":\"2\"},\"c\":\"2\","
                      "\"l\":[\"x\",\"y\"]}");
}

static void test_keyval_no(void)
{
    g_autoptr(GError) error = NULL;
    json_object *into;

    /* `server` is a bool of an arm, `host` is not a bool. */
    assert_json(keyval("noserver", NULL, &qapi_type_TestUnion, NULL),
                "{\"server\":\"off\"}");
    assert_json(keyval("nohost", NULL, &qapi_type_TestUnion, NULL),
                "{\"nohost\":\"on\"}");
    assert_json(keyval("noserver", NULL, NULL, NULL),
                "{\"noserver\":\"on\"}");
    /* `node` is a member, not `no` and `de`; it is no bool, so `on` is not
     * meant. */
    assert_json(keyval("nonode", NULL, &qapi_type_TestNo, NULL),
                "{\"nonode\":\"on\"}");
    into = json_object_new_object();
    g_assert_false(keyval_parse("de,node", NULL, &qapi_type_TestNo, into, NULL,
                                &error));
    g_assert_cmpstr(error->message, ==, "Parameter 'node' needs a value: "
                    "node=...");
    json_object_put(into);
    assert_json(keyval("nob,noserver=1", NULL, &qapi_type_TestOptional, NULL),
                "{\"b\":\"off\",\"noserver\":\"1\"}");
    assert_json(keyval("no", NULL, &qapi_type_TestOptional, NULL),
                "{\"no\":\"on\"}");

    TestUnion *value = read_text(&qapi_type_TestUnion,
                                 "kind=unix,path=/x,noserver");

    g_assert_true(value->u.q_unix.has_server && !value->u.q_unix.server);
    qapi_free(&qapi_type_TestUnion, value);
}

static void test_keyval_help(void)
{
    static const char *const asking[] = {
        "help", "?", "a=1,help", "help,a=1", "x,?",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(asking); i++) {
        bool help = false;
        g_autoptr(GError) error = NULL;

        json_object_put(keyval(asking[i], "type", NULL, &help));
        g_assert_true(help);
        help = false;
        g_assert_null(qapi_parse_option(&qapi_type_TestInner, asking[i],
                                        "type", &help, &error));
        g_assert_true(help);
        g_assert_no_error(error);
    }

    bool help = false;

    json_object_put(keyval("a=help,helper", NULL, NULL, &help));
    g_assert_false(help);
}

static void test_keyval_long(void)
{
    g_autofree char *most = g_strnfill(127, 'k');
    g_autofree char *good = g_strconcat(most, "=1", NULL);
    g_autofree char *bad = g_strconcat("k", good, NULL);
    g_autoptr(GError) error = NULL;
    json_object *into = keyval(good, NULL, NULL, NULL);

    g_assert_cmpint(json_object_object_length(into), ==, 1);
    g_assert_false(keyval_parse(bad, NULL, NULL, into, NULL, &error));
    g_assert_cmpstr(error->message, ==,
                    "Parameter 'kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk...' has a "
                    "name longer than 127 bytes");
    json_object_put(into);
}

static void test_parse_option(void)
{
    static const char *const forms[] = {
        "5,y=a", "x=5,y=a", "{'x':5,'y':'a'}", "{\"y\": \"a\", \"x\": 5}",
    };

    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        GError *error = NULL;
        bool help = false;
        TestInner *value = qapi_parse_option(&qapi_type_TestInner, forms[i],
                                             "x", &help, &error);

        g_assert_no_error(error);
        g_assert_cmpuint(value->x, ==, 5);
        g_assert_cmpstr(value->y, ==, "a");
        g_assert_false(help);
        qapi_free(&qapi_type_TestInner, value);
    }

    /* Text of any length, cut anywhere, is an option or an error. */
    static const char text[] =
        "kind=tree,left.left.shape=leaf,right.kind=inet,right.host=a,,b,"
        "right.ports.0=7,nolabel,label=x";

    for (size_t cut = 0; cut < sizeof(text); cut++) {
        g_autofree char *part = g_strndup(text, cut);
        g_autoptr(GError) error = NULL;
        void *value = qapi_parse_option(&qapi_type_TestUnion, part, NULL, NULL,
                                        &error);

        g_assert_true(!value == !!error);
        qapi_free(&qapi_type_TestUnion, value);
    }
}

/* Help */

static void test_help(void)
{
    g_autoptr(GString) out = g_string_new("");

    qapi_help(&qapi_type_TestUnion, NULL, out);
    g_assert_cmpstr(out->str, ==,
        "  id=<string>          - name\n"
        "  kind=<unix|inet|tree|none> - which arm\n"
        "With kind=unix:\n"
        "  path=<string>        - where\n"
        "  server=<bool>        - wait for a client (default: on)\n"
        "With kind=inet:\n"
        "  host=<string>        - where\n"
        "  ports=<[uint16]>     - several\n"
        "With kind=tree:\n"
        "  shape=<leaf|node>    - which arm (default: node)\n"
        "With shape=node:\n"
        "  left=<TestTree>      - one side\n"
        "  right=<TestUnion>    - other side\n"
        "  label=<string>       - with a default (default: n)\n");

    g_string_truncate(out, 0);
    qapi_help(&qapi_type_TestUnion, "inet", out);
    g_assert_cmpstr(out->str, ==,
        "  id=<string>          - name\n"
        "  host=<string>        - where\n"
        "  ports=<[uint16]>     - several\n");

    g_string_truncate(out, 0);
    qapi_help(&qapi_type_TestDefaults, NULL, out);
    g_assert_nonnull(strstr(out->str,
                            "  on=<bool>            - a truth that is on "
                            "(default: on)\n"));
    g_assert_nonnull(strstr(out->str,
                            "  mem-size=<size>      - how much, see ratio "
                            "(default: 134217728)\n"));
    g_assert_cmpstr(qapi_type_TestScalars.doc, ==,
                    "Every built-in scalar, all required.");
    g_assert_cmpstr(qapi_describe_type(&qapi_type_str), ==, "string");
    g_assert_cmpstr(qapi_describe_type(&qapi_type_uint32), ==, "uint32");
    g_assert_cmpstr(qapi_describe_type(&qapi_type_TestKind), ==, "TestKind");
}

/* Introspection */

static json_object *schema_find(json_object *schema, const char *name,
                                const char *meta_type)
{
    for (size_t i = 0; i < json_object_array_length(schema); i++) {
        json_object *entry = json_object_array_get_idx(schema, i);
        json_object *value;

        json_object_object_get_ex(entry, "name", &value);
        if (!g_str_equal(json_object_get_string(value), name)) {
            continue;
        }
        json_object_object_get_ex(entry, "meta-type", &value);
        if (!meta_type ||
            g_str_equal(json_object_get_string(value), meta_type)) {
            return entry;
        }
    }
    return NULL;
}

static void assert_entry(json_object *schema, const char *name,
                         const char *expected)
{
    json_object *entry = schema_find(schema, name, NULL);

    g_assert_nonnull(entry);
    assert_json(json_object_get(entry), expected);
}

/* Every type that anything refers to is in the list. */
static void assert_references(json_object *schema, json_object *value)
{
    static const char *const keys[] = {
        "type", "element-type", "arg-type", "ret-type",
    };

    if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++) {
            assert_references(schema, json_object_array_get_idx(value, i));
        }
    } else if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, inner) {
            for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
                if (g_str_equal(key, keys[i])) {
                    const char *name = json_object_get_string(inner);

                    g_assert_nonnull(schema_find(schema, name, NULL));
                }
            }
            assert_references(schema, inner);
        }
    }
}

static void test_introspect(void)
{
    json_object *schema = parse(qapi_introspect());
    g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

    for (size_t i = 0; i < json_object_array_length(schema); i++) {
        json_object *name;

        json_object_object_get_ex(json_object_array_get_idx(schema, i),
                                  "name", &name);
        g_assert_true(g_hash_table_add(
            names, (char *)json_object_get_string(name)));
    }
    g_assert_true(qapi_introspect() == qapi_introspect());
    assert_references(schema, schema);
    assert_entry(schema, "int", "{\"name\":\"int\",\"meta-type\":\"builtin\","
                                "\"json-type\":\"int\"}");
    assert_entry(schema, "any", "{\"name\":\"any\",\"meta-type\":\"builtin\","
                                "\"json-type\":\"value\"}");
    assert_entry(schema, "TestColour",
                 "{\"name\":\"TestColour\",\"meta-type\":\"enum\","
                 "\"members\":[{\"name\":\"blue\"},{\"name\":\"dark-red\","
                 "\"features\":[\"unstable\"]},{\"name\":\"3d\"}],"
                 "\"values\":[\"blue\",\"dark-red\",\"3d\"]}");
    assert_entry(schema, "TestInner",
                 "{\"name\":\"TestInner\",\"meta-type\":\"object\","
                 "\"members\":[{\"name\":\"x\",\"type\":\"int\"},"
                 "{\"name\":\"y\",\"type\":\"str\",\"default\":null}]}");
    assert_entry(schema, "TestDefaults",
                 "{\"name\":\"TestDefaults\",\"meta-type\":\"object\","
                 "\"members\":[{\"name\":\"oem-id\",\"type\":\"str\","
                 "\"default\":\"FIR\\\"MNT\"},{\"name\":\"rev\","
                 "\"type\":\"int\",\"default\":1},{\"name\":\"on\","
                 "\"type\":\"bool\",\"default\":true},{\"name\":\"off\","
                 "\"type\":\"bool\",\"default\":false,"
                 "\"features\":[\"deprecated\"]},{\"name\":\"ratio\","
                 "\"type\":\"number\",\"default\":0.5},"
                 "{\"name\":\"mem-size\",\"type\":\"int\","
                 "\"default\":134217728},{\"name\":\"colour\","
                 "\"type\":\"TestColour\",\"default\":\"dark-red\"},"
                 "{\"name\":\"min\",\"type\":\"int\","
                 "\"default\":-9223372036854775808}],"
                 "\"features\":[\"unstable\",\"deprecated\"]}");
    assert_entry(schema, "TestUnion",
                 "{\"name\":\"TestUnion\",\"meta-type\":\"object\","
                 "\"members\":[{\"name\":\"id\",\"type\":\"str\","
                 "\"default\":null},{\"name\":\"kind\","
                 "\"type\":\"TestKind\"}],\"tag\":\"kind\",\"variants\":["
                 "{\"case\":\"unix\",\"type\":\"TestUnix\"},"
                 "{\"case\":\"inet\",\"type\":\"TestInet\"},"
                 "{\"case\":\"tree\",\"type\":\"TestTree\"},"
                 "{\"case\":\"none\",\"type\":\"q_empty\"}]}");
    assert_entry(schema, "TestAlt",
                 "{\"name\":\"TestAlt\",\"meta-type\":\"alternate\","
                 "\"members\":[{\"type\":\"str\"},{\"type\":\"int\"},"
                 "{\"type\":\"bool\"},{\"type\":\"TestInner\"},"
                 "{\"type\":\"[str]\"},{\"type\":\"null\"}]}");
    assert_entry(schema, "[TestInner]",
                 "{\"name\":\"[TestInner]\",\"meta-type\":\"array\","
                 "\"element-type\":\"TestInner\"}");
    assert_entry(schema, "[int]",
                 "{\"name\":\"[int]\",\"meta-type\":\"array\","
                 "\"element-type\":\"int\"}");
    assert_entry(schema, "test-echo",
                 "{\"name\":\"test-echo\",\"meta-type\":\"command\","
                 "\"arg-type\":\"TestEchoArgs\",\"ret-type\":\"str\","
                 "\"allow-oob\":true,\"features\":[\"deprecated\"]}");
    assert_entry(schema, "test-no-args",
                 "{\"name\":\"test-no-args\",\"meta-type\":\"command\","
                 "\"arg-type\":\"q_empty\",\"ret-type\":\"q_empty\","
                 "\"allow-oob\":false}");
    assert_entry(schema, "TEST_DATA",
                 "{\"name\":\"TEST_DATA\",\"meta-type\":\"event\","
                 "\"arg-type\":\"TestDataEvent\"}");
    assert_entry(schema, "TEST_BARE",
                 "{\"name\":\"TEST_BARE\",\"meta-type\":\"event\","
                 "\"arg-type\":\"q_empty\"}");
    json_object_put(schema);
}

/* Commands and events */

bool qmp_test_no_args(QmpContext *ctx, GError **error)
{
    return true;
}

bool qmp_test_echo(QmpContext *ctx, const TestEchoArgs *args, char **ret,
                   GError **error)
{
    GString *out = g_string_new(NULL);

    for (int i = 0; i < (args->has_times ? args->times : 1); i++) {
        g_string_append(out, args->text);
    }
    *ret = g_string_free(out, FALSE);
    return true;
}

bool qmp_test_list(QmpContext *ctx, const TestInner *args, TestInnerList *ret,
                   GError **error)
{
    qapi_copy(&qapi_type_TestInner, args,
              qapi_list_append(&qapi_type_TestInnerList, ret));
    return true;
}

bool qmp_test_struct(QmpContext *ctx, TestInner *ret, GError **error)
{
    ret->x = 42;
    return true;
}

/* As a monitor does it. */
static json_object *run_command(const char *name, const char *arguments)
{
    const QapiCommand *command = qapi_find_command(name);
    void *args = command->args ? read_json(command->args, arguments) : NULL;
    g_autofree void *ret = command->ret ? g_malloc0(command->ret->size) : NULL;
    GError *error = NULL;
    json_object *out;

    g_assert_true(command->call(NULL, args, ret, &error));
    g_assert_no_error(error);
    out = command->ret ? qapi_to_json(command->ret, ret) :
                         json_object_new_object();
    if (command->ret) {
        qapi_clear(command->ret, ret);
    }
    if (command->args) {
        qapi_free(command->args, args);
    }
    return out;
}

static void test_commands(void)
{
    for (size_t i = 0; i < qapi_n_commands; i++) {
        g_assert_true(qapi_find_command(qapi_commands[i].name) ==
                      &qapi_commands[i]);
        if (i > 0) {
            g_assert_cmpstr(qapi_commands[i - 1].name, <,
                            qapi_commands[i].name);
        }
    }
    g_assert_cmpuint(qapi_n_commands, ==, 4);
    g_assert_null(qapi_find_command(""));
    g_assert_null(qapi_find_command("test"));
    g_assert_null(qapi_find_command("test-echo2"));
    g_assert_null(qapi_find_command("zzz"));

    assert_json(run_command("test-no-args", NULL), "{}");
    assert_json(run_command("test-echo", "{'text':'ab','times':2}"),
                "\"abab\"");
    assert_json(run_command("test_list", "{'x':1,'y':'z'}"),
                "[{\"x\":1,\"y\":\"z\"}]");
    assert_json(run_command("test-struct", NULL), "{\"x\":42}");

    const QapiCommand *echo = qapi_find_command("test-echo");

    g_assert_true(echo->allow_oob && echo->allow_preconfig);
    g_assert_cmpstr(echo->doc, ==, "Returns its text.");

    g_assert_cmpuint(qapi_n_events, ==, 2);
    g_assert_true(qapi_events[0] == &qapi_event_TEST_BARE);
    g_assert_null(qapi_event_TEST_BARE.data);
    g_assert_cmpstr(qapi_event_TEST_DATA.name, ==, "TEST_DATA");

    TestDataEvent data = { .guest = true };

    assert_json(qapi_to_json(qapi_event_TEST_DATA.data, &data),
                "{\"guest\":true}");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/qapi/scalars/json", test_scalars_json);
    g_test_add_func("/qapi/scalars/text", test_scalars_text);
    g_test_add_func("/qapi/scalars/text-forms", test_text_forms);
    g_test_add_func("/qapi/scalars/ranges", test_ranges);
    g_test_add_func("/qapi/errors/json", test_errors_json);
    g_test_add_func("/qapi/errors/text", test_errors_text);
    g_test_add_func("/qapi/struct/optional", test_optional);
    g_test_add_func("/qapi/struct/defaults", test_defaults);
    g_test_add_func("/qapi/struct/copy", test_copy);
    g_test_add_func("/qapi/struct/member", test_member);
    g_test_add_func("/qapi/struct/discriminator", test_member_discriminator);
    g_test_add_func("/qapi/union", test_unions);
    g_test_add_func("/qapi/alternate", test_alternates);
    g_test_add_func("/qapi/list", test_lists);
    g_test_add_func("/qapi/strings", test_strings);
    g_test_add_func("/qapi/json/good", test_json_good);
    g_test_add_func("/qapi/json/surrogates", test_json_surrogates);
    g_test_add_func("/qapi/json/bad", test_json_bad);
    g_test_add_func("/qapi/json/many", test_json_many);
    g_test_add_func("/qapi/json/deep", test_deep);
    g_test_add_func("/qapi/json/truncated", test_truncated);
    g_test_add_func("/qapi/keyval/forms", test_keyval);
    g_test_add_func("/qapi/keyval/no", test_keyval_no);
    g_test_add_func("/qapi/keyval/help", test_keyval_help);
    g_test_add_func("/qapi/keyval/long", test_keyval_long);
    g_test_add_func("/qapi/option", test_parse_option);
    g_test_add_func("/qapi/help", test_help);
    g_test_add_func("/qapi/introspect", test_introspect);
    g_test_add_func("/qapi/commands", test_commands);
    return g_test_run();
}
