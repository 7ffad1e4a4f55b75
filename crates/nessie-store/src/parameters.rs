//! The query keys that ONTAP documents for single operations and that need nothing done here.
//!
//! Those of every operation are in [`Query`]; those that an operation acts on are named where it
//! does.

use nessie_ontap_protocol::{ApiError, Method, Query};

/// A documented query key.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    takes: Takes,
    effect: Effect,
}

/// What its value has to be.
#[derive(Clone, Copy, Debug)]
enum Takes {
    /// `true` or `false`.
    Flag,
    Words(&'static [&'static str]),
    Text,
}

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// Nothing, because a cluster without what it is about answers the same with it and without.
    Same,
    /// It asks for objects of which there are none: the collection is empty.
    Empty,
}

const fn key(name: &'static str, takes: Takes, effect: Effect) -> Parameter {
    Parameter { name, takes, effect }
}

/// The keys of the operations, by the name of the object and the method.
static TABLE: &[(&str, Method, &[Parameter])] = {
    use Effect::{Empty, Same};
    use Takes::{Flag, Text, Words};
    &[
        (
            "volume",
            Method::Patch,
            &[
                // There are no tiers.
                key("clone.match_parent_storage_tier", Flag, Same),
                // Nothing is lost when power fails, so no volume is fenced after it.
                key("nvfail", Words(&["off", "on"]), Same),
                // There are no LUNs.
                key("preserve_lun_ids", Flag, Same),
                // It overrides references of SnapMirror, of which there are none.
                key("restore_to.snapshot.force", Flag, Same),
                // It says how the members of a FlexGroup share a size.
                key("sizing_method", Words(&["use_existing_resources", "add_new_resources"]), Same),
            ],
        ),
        // There are no relationships.
        ("snapmirror_relationship", Method::Get, &[key("list_destinations_only", Flag, Same)]),
        (
            "aggregate",
            Method::Get,
            &[
                key("auto_provision_policy", Words(&["expand", "optimal"]), Same),
                // Each is a question about spare disks, and there are none.
                key("flash_pool_eligible", Flag, Empty),
                key("recommend", Flag, Empty),
                key("show_spares", Flag, Empty),
            ],
        ),
        (
            "ip_interface",
            Method::Get,
            &[
                // Each asks which interfaces to make: none are missing.
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

/// The keys of a method on an object.
pub(crate) fn of(object: &str, method: Method) -> &'static [Parameter] {
    let method = if method == Method::Head { Method::Get } else { method };
    let found = TABLE.iter().find(|(other, of, _)| *other == object && *of == method);
    found.map_or(&[], |(_, _, keys)| *keys)
}

/// Whether a request asks for objects of which there are none.
pub(crate) fn ask_for_nothing<R>(query: &Query<R>) -> bool {
    let asks = |name: &str| {
        let mut keys = TABLE.iter().flat_map(|(_, _, keys)| *keys);
        keys.any(|key| key.name == name && key.empties(query))
    };
    query.parameters.iter().any(|(name, _)| asks(name))
}

impl Parameter {
    /// Refuses a value that the key does not take.
    pub(crate) fn check<R>(&self, query: &Query<R>) -> Result<(), ApiError> {
        match self.takes {
            Takes::Flag => query.parameter_flag(self.name).map(drop),
            Takes::Words(words) => query.parameter_word(self.name, words).map(drop),
            Takes::Text => Ok(()),
        }
    }

    fn empties<R>(&self, query: &Query<R>) -> bool {
        self.effect == Effect::Empty
            && match self.takes {
                Takes::Flag => query.parameter_flag(self.name) == Ok(Some(true)),
                Takes::Words(_) | Takes::Text => query.parameter(self.name).is_some(),
            }
    }
}
