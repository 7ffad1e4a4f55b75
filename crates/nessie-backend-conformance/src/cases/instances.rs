//! Several backends at once: each is independent of the others.

use super::calls::{self, junction, policy};
use crate::Tier;
use crate::harness::{CaseResult, Harness};
use crate::oracle::call::Call;

super::cases! { instances:
    /// What is created in one backend neither exists in another nor takes a name or path there.
    share_nothing: Volumes, "3.independent" "2.volume_name_unique" "2.junction_unique";
    /// A new backend leaves those that exist as they are, and so does each change in it.
    leave_each_other_alone: Volumes, "3.independent" "3.atomic";
}

fn share_nothing(h: &Harness<'_>) -> CaseResult {
    h.with_another(|other| {
        let (a, c) = (h.create_sized("a", 5)?, other.create_sized("a", 7)?);
        let path = h.path("a");
        h.patch(&a, junction(&path))?;
        other.patch(&c, junction(&path))?;
        // Backends with the same seed may have the same identifiers.
        if a.uuid != c.uuid {
            other.refused("volume_not_found", &calls::get(&a))?;
            h.refused("volume_not_found", &calls::get(&c))?;
        }
        if h.probe.tier >= Tier::Snapshots {
            let (s, t) = (h.snapshot(&a, "s")?, other.snapshot(&c, "s")?);
            if s.uuid != t.uuid {
                other.refused("snapshot_not_found", &calls::get_snapshot(&c, &s))?;
            }
            if h.probe.tier >= Tier::Clones {
                h.clone(&a, &s, "clone")?;
                other.succeeds(&calls::delete_snapshot(&c, &t))?;
            }
        }
        Ok(())
    })
}

fn leave_each_other_alone(h: &Harness<'_>) -> CaseResult {
    let a = h.create_sized("a", 5)?;
    h.patch(&a, junction(&h.path("a")).export_policy("p"))?;
    if h.probe.tier >= Tier::Snapshots {
        h.snapshot(&a, "s")?;
    }
    h.with_another(|other| {
        h.verify_records()?;
        other.succeeds(&calls::find(&a.name))?;
        other.succeeds(&Call::ListVolumes)?;
        let c = other.create("a")?;
        h.verify_records()?;
        other.patch(&c, policy("q"))?;
        h.verify_records()?;
        other.delete(&c)?;
        h.verify_records()?;
        h.delete(&a)
    })
}
