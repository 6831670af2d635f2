import { reservedDevices } from "./device-forms.ts";
import { fields, type Form, listOf, nullable } from "./form.ts";
import { bytesText, count, decimal, span, spanIfAny, truncated, whole } from "./quantity-forms.ts";
import { choice, labels, text, texts } from "./value-forms.ts";

const update = fields({
  parallelism: count,
  delay: spanIfAny,
  failure_action: text,
  monitor: spanIfAny,
  max_failure_ratio: decimal,
  order: choice("start-first", "stop-first"),
});

/** `deploy` (Compose Deploy specification). */
export const deploy: Form = nullable(
  fields(
    {
      mode: text,
      endpoint_mode: text,
      replicas: { read: whole.read },
      labels,
      update_config: update,
      rollback_config: update,
      resources: fields({
        limits: fields({ cpus: decimal, memory: bytesText, pids: whole }),
        reservations: fields({
          cpus: decimal,
          memory: bytesText,
          generic_resources: listOf(fields({ discrete_resource_spec: fields({ kind: text, value: truncated }) })),
          devices: reservedDevices,
        }),
      }),
      restart_policy: fields({ condition: text, delay: span, max_attempts: count, window: span }),
      placement: fields({
        constraints: texts,
        preferences: listOf(fields({ spread: text })),
        max_replicas_per_node: whole,
      }),
    },
    { always: { resources: {}, placement: {} } },
  ),
);
