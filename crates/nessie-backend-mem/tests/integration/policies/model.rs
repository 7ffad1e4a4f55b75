//! A naive model of snapshot policies: plain lists, and a clock that looks at every minute.

use std::time::Duration;

use nessie_backend_core::Timestamp;

const DAY: i64 = 86_400_000_000;
const MINUTE: i64 = 60_000_000;

/// A minute of the calendar.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    day: i64,
    month: i64,
    hour: i64,
    minute: i64,
    /// Sunday is 0.
    weekday: i64,
}

/// A schedule, and its meaning.
type Meaning = (&'static str, fn(Moment) -> bool);

/// The schedules of the histories.
pub(crate) const SCHEDULES: &[Meaning] = &[
    ("0 * * * *", |at| at.minute == 0),
    ("*/20 4-6 * * *", |at| at.minute % 20 == 0 && (4..=6).contains(&at.hour)),
    ("0 */3 * * *", |at| at.minute == 0 && at.hour % 3 == 0),
    ("15 3 * * *", |at| at.minute == 15 && at.hour == 3),
    ("0 0 * * mon,thu", |at| at.minute == 0 && at.hour == 0 && [1, 4].contains(&at.weekday)),
    ("30 12 1,15 * fri", |at| {
        at.minute == 30 && at.hour == 12 && ([1, 15].contains(&at.day) || at.weekday == 5)
    }),
    ("0 6 */2 * 6-7", |at| {
        at.minute == 0 && at.hour == 6 && at.day % 2 == 1 && [0, 6].contains(&at.weekday)
    }),
    ("59 23 28-31 feb *", |at| at.minute == 59 && at.hour == 23 && at.day >= 28 && at.month == 2),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// The index of its schedule.
    pub(crate) schedule: usize,
    pub(crate) prefix: &'static str,
    pub(crate) keep: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) name: String,
    pub(crate) rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
pub(crate) struct Volume {
    pub(crate) number: usize,
    pub(crate) is_online: bool,
    pub(crate) policy: Option<String>,
    /// The number of the snapshot that it is a clone of.
    pub(crate) origin: Option<usize>,
    pub(crate) snapshots: Vec<Snapshot>,
}

#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) number: usize,
    pub(crate) name: String,
    pub(crate) time: Timestamp,
    pub(crate) expires_at: Option<Timestamp>,
}

/// What a run of a rule has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) policy: String,
    pub(crate) prefix: String,
    pub(crate) due: Timestamp,
    pub(crate) name: String,
    /// The volumes.
    pub(crate) taken: Vec<usize>,
    /// The volume, the name of the old snapshot that could not be deleted, and the reason.
    pub(crate) passed_over: Vec<(usize, Option<String>, String)>,
}

/// What an operation does: `Err` is the code of the error.
pub(crate) type Outcome<T = ()> = Result<T, &'static str>;

#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) now: Timestamp,
    pub(crate) policies: Vec<Policy>,
    pub(crate) volumes: Vec<Volume>,
    /// How many volumes and snapshots there were.
    created: usize,
}

impl Model {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { now, policies: Vec::new(), volumes: Vec::new(), created: 0 }
    }

    fn number(&mut self) -> usize {
        self.created += 1;
        self.created
    }

    pub(crate) fn volume(&self, number: usize) -> &Volume {
        self.volumes.iter().find(|volume| volume.number == number).unwrap()
    }

    fn volume_mut(&mut self, number: usize) -> &mut Volume {
        self.volumes.iter_mut().find(|volume| volume.number == number).unwrap()
    }

    fn has_policy(&self, name: &str) -> bool {
        self.policies.iter().any(|policy| policy.name == name)
    }

    fn is_locked(&self, snapshot: &Snapshot) -> bool {
        snapshot.expires_at.is_some_and(|end| self.now < end)
    }

    fn is_busy(&self, snapshot: &Snapshot) -> bool {
        self.volumes.iter().any(|volume| volume.origin == Some(snapshot.number))
    }

    /// The code of the error of a deletion.
    fn obstacle(&self, snapshot: &Snapshot) -> Option<&'static str> {
        if self.is_locked(snapshot) {
            Some("snapshot_locked")
        } else {
            self.is_busy(snapshot).then_some("snapshot_busy")
        }
    }

    pub(crate) fn create(&mut self, policy: Option<&str>) -> Outcome<usize> {
        if policy.is_some_and(|policy| !self.has_policy(policy)) {
            return Err("snapshot_policy_not_found");
        }
        let number = self.number();
        self.volumes.push(Volume {
            number,
            is_online: true,
            policy: policy.map(str::to_owned),
            origin: None,
            snapshots: Vec::new(),
        });
        Ok(number)
    }

    pub(crate) fn set_policy(&mut self, of: usize, policy: &str) -> Outcome {
        if !policy.is_empty() && !self.has_policy(policy) {
            return Err("snapshot_policy_not_found");
        }
        self.volume_mut(of).policy = Some(policy.to_owned()).filter(|policy| !policy.is_empty());
        Ok(())
    }

    pub(crate) fn set_online(&mut self, of: usize, is_online: bool) {
        self.volume_mut(of).is_online = is_online;
    }

    pub(crate) fn snapshot(
        &mut self,
        of: usize,
        name: &str,
        expires_at: Option<Timestamp>,
    ) -> Outcome<usize> {
        if expires_at.is_some_and(|end| end <= self.now) {
            return Err("invalid_argument");
        }
        let volume = self.volume(of);
        if !volume.is_online {
            return Err("volume_offline");
        }
        if volume.snapshots.iter().any(|snapshot| snapshot.name == name) {
            return Err("snapshot_exists");
        }
        let (number, time) = (self.number(), self.now);
        let snapshot = Snapshot { number, name: name.to_owned(), time, expires_at };
        self.volume_mut(of).snapshots.push(snapshot);
        Ok(number)
    }

    pub(crate) fn rename(&mut self, of: usize, snapshot: usize, name: &str) -> Outcome {
        let snapshots = &mut self.volume_mut(of).snapshots;
        if snapshots.iter().any(|other| other.name == name && other.number != snapshot) {
            return Err("snapshot_exists");
        }
        let renamed = snapshots.iter_mut().find(|other| other.number == snapshot).unwrap();
        name.clone_into(&mut renamed.name);
        Ok(())
    }

    pub(crate) fn delete_snapshot(&mut self, of: usize, snapshot: usize) -> Outcome {
        let snapshots = &self.volume(of).snapshots;
        let place = snapshots.iter().position(|other| other.number == snapshot).unwrap();
        if let Some(code) = self.obstacle(&snapshots[place]) {
            return Err(code);
        }
        self.volume_mut(of).snapshots.remove(place);
        Ok(())
    }

    pub(crate) fn restore(&mut self, of: usize, snapshot: usize) -> Outcome {
        let volume = self.volume(of);
        if !volume.is_online {
            return Err("volume_offline");
        }
        let place = volume.snapshots.iter().position(|other| other.number == snapshot).unwrap();
        let newer = &volume.snapshots[place + 1..];
        if newer.iter().any(|snapshot| self.is_locked(snapshot)) {
            return Err("snapshot_locked");
        }
        if newer.iter().any(|snapshot| self.is_busy(snapshot)) {
            return Err("snapshot_busy");
        }
        self.volume_mut(of).snapshots.truncate(place + 1);
        Ok(())
    }

    pub(crate) fn clone_of(&mut self, of: usize, snapshot: usize) -> Outcome<usize> {
        if !self.volume(of).is_online {
            return Err("volume_offline");
        }
        let number = self.create(None)?;
        self.volume_mut(number).origin = Some(snapshot);
        Ok(number)
    }

    pub(crate) fn split(&mut self, of: usize) -> Outcome {
        let volume = self.volume_mut(of);
        volume.origin.take().map(drop).ok_or("invalid_argument")
    }

    pub(crate) fn delete(&mut self, of: usize) -> Outcome {
        let snapshots = &self.volume(of).snapshots;
        if snapshots.iter().any(|snapshot| self.is_locked(snapshot)) {
            return Err("snapshot_locked");
        }
        if snapshots.iter().any(|snapshot| self.is_busy(snapshot)) {
            return Err("volume_busy");
        }
        self.volumes.retain(|volume| volume.number != of);
        Ok(())
    }

    pub(crate) fn create_policy(&mut self, name: &str, rules: Vec<Rule>) -> Outcome {
        check_rules(&rules)?;
        if self.has_policy(name) {
            return Err("snapshot_policy_exists");
        }
        self.policies.push(Policy { name: name.to_owned(), rules });
        Ok(())
    }

    pub(crate) fn replace_policy(&mut self, name: &str, rules: Vec<Rule>) -> Outcome {
        let policy = self.policies.iter_mut().find(|policy| policy.name == name);
        let policy = policy.ok_or("snapshot_policy_not_found")?;
        check_rules(&rules)?;
        policy.rules = rules;
        Ok(())
    }

    pub(crate) fn delete_policy(&mut self, name: &str) -> Outcome {
        if !self.has_policy(name) {
            return Err("snapshot_policy_not_found");
        }
        if self.users(name).next().is_some() {
            return Err("snapshot_policy_busy");
        }
        self.policies.retain(|policy| policy.name != name);
        Ok(())
    }

    /// The numbers of the volumes that use a policy, in order of creation.
    pub(crate) fn users<'a>(&'a self, policy: &'a str) -> impl Iterator<Item = usize> + 'a {
        let users =
            self.volumes.iter().filter(move |volume| volume.policy.as_deref() == Some(policy));
        users.map(|volume| volume.number)
    }

    /// Passes through every minute after the present time up to the new one.
    pub(crate) fn advance(&mut self, by: Duration) -> Vec<Run> {
        let end = self.now.checked_add(by).unwrap();
        let mut runs = Vec::new();
        let mut minute = self.now.unix_micros().div_euclid(MINUTE) + 1;
        while minute * MINUTE <= end.unix_micros() {
            self.now = Timestamp::from_unix_micros(minute * MINUTE).unwrap();
            self.run_all(&mut runs);
            minute += 1;
        }
        self.now = end;
        runs
    }

    fn run_all(&mut self, runs: &mut Vec<Run>) {
        let at = minute(self.now);
        let mut due = Vec::new();
        for policy in &self.policies {
            let rules = policy.rules.iter().filter(|rule| SCHEDULES[rule.schedule].1(at));
            due.extend(rules.map(|rule| (policy.name.clone(), rule.clone())));
        }
        due.retain(|(policy, _)| self.users(policy).next().is_some());
        runs.extend(due.iter().map(|(policy, rule)| self.run(policy, rule)));
    }

    fn run(&mut self, policy: &str, rule: &Rule) -> Run {
        let text = self.now.to_string();
        let name = format!("{}.{}_{}{}", rule.prefix, &text[..10], &text[11..13], &text[14..16]);
        let (mut taken, mut passed_over) = (Vec::new(), Vec::new());
        let users: Vec<usize> = self.users(policy).collect();
        for of in users.iter().copied() {
            if !self.volume(of).is_online {
                passed_over.push((of, None, "volume_offline".to_owned()));
                continue;
            }
            let snapshots = &self.volume(of).snapshots;
            let own: Vec<Snapshot> =
                snapshots.iter().filter(|each| is_of(&each.name, rule.prefix)).cloned().collect();
            let keep = usize::try_from(rule.keep).unwrap();
            let beyond = (own.len() + 1).saturating_sub(keep);
            for old in &own[..beyond] {
                if let Some(code) = self.obstacle(old) {
                    passed_over.push((of, Some(old.name.clone()), code.to_owned()));
                } else {
                    self.delete_snapshot(of, old.number).unwrap();
                }
            }
        }
        for of in users {
            if !self.volume(of).is_online {
                continue;
            }
            match self.snapshot(of, &name, None) {
                Ok(_) => taken.push(of),
                Err(code) => passed_over.push((of, None, code.to_owned())),
            }
        }
        let (policy, prefix) = (policy.to_owned(), rule.prefix.to_owned());
        Run { policy, prefix, due: self.now, name, taken, passed_over }
    }

    /// When the next rule of a used policy is due, within that time.
    pub(crate) fn next_due(&self, within: Duration) -> Option<Timestamp> {
        let end = self.now.checked_add(within).unwrap().unix_micros();
        let used = self.policies.iter().filter(|policy| self.users(&policy.name).next().is_some());
        let rules: Vec<&Rule> = used.flat_map(|policy| &policy.rules).collect();
        let first = self.now.unix_micros().div_euclid(MINUTE) + 1;
        let mut minutes = (first..).take_while(|minute| minute * MINUTE <= end);
        let is_due = |time| rules.iter().any(|rule| SCHEDULES[rule.schedule].1(minute(time)));
        minutes.find_map(|minute| {
            Timestamp::from_unix_micros(minute * MINUTE).filter(|time| is_due(*time))
        })
    }
}

fn check_rules(rules: &[Rule]) -> Outcome {
    let prefixes: Vec<_> = rules.iter().map(|rule| rule.prefix).collect();
    let is_repeated = (1..prefixes.len()).any(|end| prefixes[..end].contains(&prefixes[end]));
    let is_bad = rules.is_empty() || is_repeated || rules.iter().any(|rule| rule.keep == 0);
    if is_bad { Err("invalid_argument") } else { Ok(()) }
}

/// Whether a name is a prefix, a dot and a time.
fn is_of(name: &str, prefix: &str) -> bool {
    let Some(time) = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')) else {
        return false;
    };
    let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    // The calendar is that of the timestamps.
    shape == "0000-00-00_0000"
        && format!("{}T{}:{}:00Z", &time[..10], &time[11..13], &time[13..])
            .parse::<Timestamp>()
            .is_ok()
}

fn minute(time: Timestamp) -> Moment {
    let micros = time.unix_micros();
    let days = micros.div_euclid(DAY);
    let minutes = micros.rem_euclid(DAY) / MINUTE;
    let (month, day) = date(days);
    // 1 January 1970 was a Thursday.
    Moment {
        day,
        month,
        hour: minutes / 60,
        minute: minutes % 60,
        weekday: (days + 4).rem_euclid(7),
    }
}

/// The month and the day of a day of the years 2000 to 2099, counted from the Unix epoch.
fn date(days: i64) -> (i64, i64) {
    let mut left = days - 10_957;
    let mut year = 2000;
    loop {
        let leap = i64::from(year % 4 == 0);
        let lengths = [31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        for (month, length) in (1..).zip(lengths) {
            if left < length {
                return (month, left + 1);
            }
            left -= length;
        }
        year += 1;
    }
}
