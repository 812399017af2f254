/*
 * Memory backends: the host's NUMA nodes
 *
 * By the system call: the library around it does nothing that is needed here.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "memory-impl.h"
#include "util/error.h"

/** The kernel's own limit on x86. */
#define MEMORY_MAX_NODES 1024
#define BITS_PER_LONG (8 * sizeof(unsigned long))

bool memory_bind(uint8_t *host, size_t len,
                 const MemoryBackendProperties *p, GError **error)
{
    static const int modes[] = {
        [HOST_MEM_POLICY_DEFAULT] = MPOL_DEFAULT,
        [HOST_MEM_POLICY_PREFERRED] = MPOL_PREFERRED,
        [HOST_MEM_POLICY_BIND] = MPOL_BIND,
        [HOST_MEM_POLICY_INTERLEAVE] = MPOL_INTERLEAVE,
    };
    const char *policy = qapi_type_HostMemPolicy.values[p->policy];
    unsigned long nodes[MEMORY_MAX_NODES / BITS_PER_LONG] = { 0 };
    long rc;

    if (p->policy == HOST_MEM_POLICY_DEFAULT) {
        return !p->host_nodes.len ||
               fm_error_set(error, "host-nodes must be empty for policy "
                            "default, or you should explicitly specify a "
                            "policy other than default");
    }
    if (!p->host_nodes.len) {
        return fm_error_set(error, "host-nodes must be set for policy %s",
                            policy);
    }
    for (size_t i = 0; i < p->host_nodes.len; i++) {
        unsigned node = p->host_nodes.items[i];

        if (node >= MEMORY_MAX_NODES) {
            return fm_error_set(error, "host-nodes: node %u: the highest can "
                                "be %d", node, MEMORY_MAX_NODES - 1);
        }
        nodes[node / BITS_PER_LONG] |= 1ul << node % BITS_PER_LONG;
    }
    /* the kernel counts one bit less than it is told */
    rc = syscall(SYS_mbind, host, len, modes[p->policy], nodes,
                 MEMORY_MAX_NODES + 1ul, MPOL_MF_STRICT | MPOL_MF_MOVE);
    if (rc < 0) {
        return fm_error_set(error, "policy %s: cannot bind memory to the "
                            "host's NUMA nodes given: %s", policy,
                            g_strerror(errno));
    }
    return true;
}
