//! The query parameters that ONTAP documents for single operations and that have no effect here.
//!
//! Parameters of every operation are in [`Query`]; those that an operation acts on are named in its
//! handler.

use nessie_ontap_protocol::{ApiError, Method, Query};

/// A documented query parameter.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    value: ValueKind,
    effect: Effect,
}

/// The values that a parameter accepts.
#[derive(Clone, Copy, Debug)]
enum ValueKind {
    /// `true` or `false`.
    Flag,
    Words(&'static [&'static str]),
    Text,
}

/// The effect of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// None: the cluster lacks the feature that the parameter controls.
    Ignored,
    /// It selects objects that do not exist here: the collection is empty.
    Empty,
}

const fn key(name: &'static str, value: ValueKind, effect: Effect) -> Parameter {
    Parameter { name, value, effect }
}

/// The parameters of the operations, by object name and method.
static TABLE: &[(&str, Method, &[Parameter])] = {
    use Effect::{Empty, Ignored};
    use ValueKind::{Flag, Text, Words};
    &[
        (
            "volume",
            Method::Patch,
            &[
                // There are no tiers.
                key("clone.match_parent_storage_tier", Flag, Ignored),
                // Nothing is lost when power fails, so no volume is fenced after it.
                key("nvfail", Words(&["off", "on"]), Ignored),
                // There are no LUNs.
                key("preserve_lun_ids", Flag, Ignored),
                // It overrides SnapMirror references, which do not exist.
                key("restore_to.snapshot.force", Flag, Ignored),
            ],
        ),
        // There are no SnapMirror relationships.
        ("snapmirror_relationship", Method::Get, &[key("list_destinations_only", Flag, Ignored)]),
        (
            "aggregate",
            Method::Get,
            &[
                key("auto_provision_policy", Words(&["expand", "optimal"]), Ignored),
                // Each selects spare disks, and there are none.
                key("flash_pool_eligible", Flag, Empty),
                key("recommend", Flag, Empty),
                key("show_spares", Flag, Empty),
            ],
        ),
        (
            "ip_interface",
            Method::Get,
            &[
                // Each requests recommendations for new interfaces: there are none.
                key("recommend.interfaces_per_node", Text, Empty),
                key("recommend.ip.family", Text, Empty),
                key("recommend.ipspace.name", Text, Empty),
                key("recommend.ipspace.uuid", Text, Empty),
                key("recommend.location.broadcast_domain.name", Text, Empty),
                key("recommend.location.broadcast_domain.uuid", Text, Empty),
                key("recommend.location.port.rdma_protocol", Text, Empty),
                key("recommend.service_policy.name", Text, Empty),
                key("recommend.service_policy.uuid", Text, Empty),
                key("recommend.subnet.name", Text, Empty),
                key("recommend.subnet.uuid", Text, Empty),
                key("recommend.svm.name", Text, Empty),
                key("recommend.svm.uuid", Text, Empty),
            ],
        ),
    ]
};

/// The parameters of a method on an object.
pub(crate) fn documented_for(object: &str, method: Method) -> &'static [Parameter] {
    let method = if method == Method::Head { Method::Get } else { method };
    let found = TABLE.iter().find(|(other, of, _)| *other == object && *of == method);
    found.map_or(&[], |(_, _, keys)| *keys)
}

/// Whether a request selects objects that do not exist here.
pub(crate) fn request_empty_collection<R>(query: &Query<R>) -> bool {
    let is_empty = |name: &str| {
        let mut keys = TABLE.iter().flat_map(|(_, _, keys)| *keys);
        keys.any(|key| key.name == name && key.empties(query))
    };
    query.parameters.iter().any(|(name, _)| is_empty(name))
}

impl Parameter {
    /// Refuses a value that the parameter does not accept.
    pub(crate) fn check<R>(&self, query: &Query<R>) -> Result<(), ApiError> {
        match self.value {
            ValueKind::Flag => query.parameter_flag(self.name).map(drop),
            ValueKind::Words(words) => query.parameter_word(self.name, words).map(drop),
            ValueKind::Text => Ok(()),
        }
    }

    fn empties<R>(&self, query: &Query<R>) -> bool {
        self.effect == Effect::Empty
            && match self.value {
                ValueKind::Flag => query.parameter_flag(self.name) == Ok(Some(true)),
                ValueKind::Words(_) | ValueKind::Text => query.parameter(self.name).is_some(),
            }
    }
}
