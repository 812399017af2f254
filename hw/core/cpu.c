/*
 * Processors: what all kinds have alike
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "hw/core/cpu.h"

void cpu_place(Cpu *cpu, unsigned index, const CpuTopology *topology)
{
    unsigned core = index / topology->threads;
    unsigned die = core / topology->cores;

    cpu->index = index;
    cpu->thread_id = index % topology->threads;
    cpu->core_id = core % topology->cores;
    cpu->die_id = die % topology->dies;
    cpu->socket_id = die / topology->dies;
}

static json_object *cpu_get_index(Object *obj, GError **error)
{
    return json_object_new_int64(((Cpu *)obj)->index);
}

static json_object *cpu_get_socket_id(Object *obj, GError **error)
{
    return json_object_new_int64(((Cpu *)obj)->socket_id);
}

static json_object *cpu_get_die_id(Object *obj, GError **error)
{
    return json_object_new_int64(((Cpu *)obj)->die_id);
}

static json_object *cpu_get_core_id(Object *obj, GError **error)
{
    return json_object_new_int64(((Cpu *)obj)->core_id);
}

static json_object *cpu_get_thread_id(Object *obj, GError **error)
{
    return json_object_new_int64(((Cpu *)obj)->thread_id);
}

static const ObjectProperty cpu_properties[] = {
    { "cpu-index", "uint32", "number of the processor", cpu_get_index, NULL },
    { "socket-id", "uint32", "its socket", cpu_get_socket_id, NULL },
    { "die-id", "uint32", "its die in the socket", cpu_get_die_id, NULL },
    { "core-id", "uint32", "its core in the die", cpu_get_core_id, NULL },
    { "thread-id", "uint32", "its thread in the core", cpu_get_thread_id,
      NULL },
};

static const DeviceClass cpu_class = {
    .stateless = "nobody runs it: it has no state that a program could see",
};

const ObjectType cpu_type = {
    .name = "cpu",
    .parent = &device_type,
    .doc = "Abstract processor",
    .instance_size = sizeof(Cpu),
    .abstract = true,
    .klass = &cpu_class,
    .properties = cpu_properties,
    .n_properties = G_N_ELEMENTS(cpu_properties),
};
