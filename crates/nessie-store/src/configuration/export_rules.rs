//! The rules of an export policy and their indexes.

use std::collections::BTreeMap;
use std::sync::Arc;

use nessie_ontap_protocol::ApiError;
use nessie_ontap_protocol::records::ExportRule;
use serde::{Deserialize, Serialize};

/// The rules of an export policy by index. They apply in this order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ExportRules {
    rules: BTreeMap<u64, Arc<ExportRule>>,
}

/// The largest index.
const MAX_INDEX: u64 = 4_294_967_295;

/// A rule without clients and security types, with the defaults of the other fields.
pub(crate) fn new_export_rule() -> ExportRule {
    ExportRule {
        clients: Vec::new(),
        protocols: vec!["any".to_owned()],
        ro_rule: Vec::new(),
        rw_rule: Vec::new(),
        superuser: vec!["any".to_owned()],
        anonymous_user: "65534".to_owned(),
        allow_suid: true,
        allow_device_creation: true,
        chown_mode: "restricted".to_owned(),
        ntfs_unix_security: "fail".to_owned(),
    }
}

impl ExportRules {
    pub(crate) fn list(&self) -> Vec<(u64, Arc<ExportRule>)> {
        self.rules.iter().map(|(index, rule)| (*index, Arc::clone(rule))).collect()
    }

    /// Refuses indexes that no rule can have.
    #[cfg(feature = "simulator")]
    pub(crate) fn check_indexes(&self) -> Result<(), ApiError> {
        let wrong = self.rules.keys().find(|index| !(1..=MAX_INDEX).contains(*index));
        wrong.map_or(Ok(()), |index| {
            let rule = format!("is not one of 1 to {MAX_INDEX}");
            Err(ApiError::invalid_value("index", &index.to_string(), rule))
        })
    }

    pub(crate) fn get(&self, index: u64) -> Option<&Arc<ExportRule>> {
        self.rules.get(&index)
    }

    /// Adds a rule after the last one, or at an index, and returns its index. A rule that has the index
    /// moves up by one, and so do the following ones up to the first gap.
    pub(crate) fn insert(
        &mut self,
        index: Option<u64>,
        rule: Arc<ExportRule>,
    ) -> Result<u64, ApiError> {
        let index = match index {
            None => self.rules.last_key_value().map_or(1, |(last, _)| last + 1),
            Some(index) => index,
        };
        if index == 0 {
            let message = "The index of an export rule is 0: the lowest index is 1.";
            return Err(ApiError::new(400, 3_277_162, message).about("index"));
        }
        let gap = (index..=MAX_INDEX).find(|index| !self.rules.contains_key(index));
        let Some(gap) = gap else {
            let message = format!(
                "The export policy has no free index from {index} on: the highest index is \
                 {MAX_INDEX}."
            );
            return Err(ApiError::new(400, 3_277_163, message).about("index"));
        };
        for moved in (index..gap).rev() {
            if let Some(rule) = self.rules.remove(&moved) {
                self.rules.insert(moved + 1, rule);
            }
        }
        self.rules.insert(index, rule);
        Ok(index)
    }

    /// Replaces the rule with that index.
    pub(crate) fn set(&mut self, index: u64, rule: Arc<ExportRule>) {
        self.rules.insert(index, rule);
    }

    /// Removes the rule with that index. The others keep theirs.
    pub(crate) fn remove(&mut self, index: u64) {
        self.rules.remove(&index);
    }

    /// Refuses a rule that is in the policy already.
    pub(crate) fn check_new(&self, rule: &ExportRule, code: u32) -> Result<(), ApiError> {
        let same = self.rules.iter().find(|(_, other)| is_same(other, rule));
        same.map_or(Ok(()), |(index, _)| {
            let message = format!("The rule with the index {index} is the same.");
            Err(ApiError::new(409, code, message).about("rules"))
        })
    }
}

/// Whether two rules differ at most in the order of their words.
fn is_same(left: &ExportRule, right: &ExportRule) -> bool {
    sorted(left) == sorted(right)
}

fn sorted(rule: &ExportRule) -> ExportRule {
    let mut rule = rule.clone();
    for words in [
        &mut rule.clients,
        &mut rule.protocols,
        &mut rule.ro_rule,
        &mut rule.rw_rule,
        &mut rule.superuser,
    ] {
        words.sort();
    }
    rule
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Arc<ExportRule> {
        Arc::new(ExportRule { clients: vec![name.to_owned()], ..new_export_rule() })
    }

    fn rules(indexes: &[(u64, &str)]) -> ExportRules {
        let mut rules = ExportRules::default();
        for (index, name) in indexes {
            rules.set(*index, named(name));
        }
        rules
    }

    fn names(rules: &ExportRules) -> Vec<(u64, String)> {
        rules.list().into_iter().map(|(index, rule)| (index, rule.clients.concat())).collect()
    }

    #[test]
    fn a_rule_at_a_taken_index_moves_others_up_to_the_first_gap() {
        let mut before = rules(&[(1, "a"), (2, "b"), (3, "c"), (5, "d")]);
        assert_eq!(before.insert(Some(2), named("x")), Ok(2));
        let after = rules(&[(1, "a"), (2, "x"), (3, "b"), (4, "c"), (5, "d")]);
        assert_eq!(names(&before), names(&after));
    }

    #[test]
    fn a_rule_without_an_index_is_the_last() {
        let mut some = rules(&[(1, "a"), (7, "b")]);
        assert_eq!(some.insert(None, named("x")), Ok(8));
        assert_eq!(ExportRules::default().insert(None, named("x")), Ok(1));
        let mut full = rules(&[(MAX_INDEX, "a")]);
        let before = names(&full);
        let code = |result: Result<u64, ApiError>| result.map_err(|error| error.code);
        for index in [None, Some(MAX_INDEX), Some(MAX_INDEX + 1), Some(u64::MAX)] {
            assert_eq!(code(full.insert(index, named("x"))), Err(3_277_163), "{index:?}");
        }
        assert_eq!(code(full.insert(Some(0), named("x"))), Err(3_277_162));
        assert_eq!(names(&full), before);
        assert_eq!(full.insert(Some(MAX_INDEX - 1), named("x")), Ok(MAX_INDEX - 1));
    }

    #[test]
    fn the_order_of_words_makes_no_other_rule() {
        let rule = |clients: [&str; 2]| ExportRule {
            clients: clients.map(str::to_owned).to_vec(),
            ..new_export_rule()
        };
        let mut rules = ExportRules::default();
        rules.set(1, Arc::new(rule(["a", "b"])));
        assert_eq!(rules.check_new(&rule(["b", "a"]), 7).unwrap_err().code, 7);
        assert_eq!(rules.check_new(&rule(["b", "c"]), 7), Ok(()));
    }

    /// The same as [`ExportRules::insert`], written on a list of slots.
    fn naive_insert(slots: &mut Vec<Option<String>>, index: usize, name: String) {
        let mut moved = Some(name);
        for slot in slots.iter_mut().skip(index) {
            std::mem::swap(slot, &mut moved);
            if moved.is_none() {
                return;
            }
        }
        slots.push(moved);
    }

    proptest::proptest! {
        #[test]
        fn rules_are_where_the_model_has_them(
            steps in proptest::collection::vec((proptest::bool::ANY, 0_usize..9), 1..40)
        ) {
            let (mut rules, mut slots) = (ExportRules::default(), vec![None; 10]);
            for (step, (inserts, at)) in steps.into_iter().enumerate() {
                let index = at as u64 + 1;
                if inserts {
                    let name = format!("host{step}");
                    proptest::prop_assert_eq!(rules.insert(Some(index), named(&name)), Ok(index));
                    naive_insert(&mut slots, at + 1, name);
                } else {
                    rules.remove(index);
                    slots[at + 1] = None;
                }
                let filled = slots.iter().enumerate().filter_map(|(at, name)| {
                    Some((at as u64, name.clone()?))
                });
                proptest::prop_assert_eq!(names(&rules), filled.collect::<Vec<_>>());
            }
        }
    }
}
