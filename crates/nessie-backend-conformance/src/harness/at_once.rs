//! Runs programs concurrently: a list of calls for each thread, with a pause before each call.

use std::collections::VecDeque;
use std::hint;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nessie_backend_core::VolumeBackend;
use nessie_backend_core::splitmix64::SplitMix64;

use super::{Abort, CaseResult, panic_text};
use crate::oracle::call::{Answer, Call};

/// A call that was made, with the instants just before and just after it.
pub(super) struct Made {
    pub(super) answer: Answer,
    pub(super) start: Instant,
    pub(super) end: Instant,
}

/// How often a thread checks whether the others have started, before it continues anyway.
const SPINS: usize = 500;

/// Runs each list of calls in its own thread, all starting together. `pauses` has the pause before
/// each call.
pub(super) fn run_at_once(
    programs: &[Vec<Call>],
    pauses: &[Vec<Duration>],
    backend: &dyn VolumeBackend,
) -> CaseResult<Vec<Vec<Made>>> {
    let (start, waiting) = (Barrier::new(programs.len()), AtomicUsize::new(programs.len()));
    let joined: Vec<thread::Result<Vec<Made>>> = thread::scope(|scope| {
        let threads: Vec<_> = programs
            .iter()
            .zip(pauses)
            .map(|(calls, pauses)| {
                let (start, waiting) = (&start, &waiting);
                scope.spawn(move || {
                    // The barrier wakes threads one by one; a short spin lets them start together.
                    start.wait();
                    waiting.fetch_sub(1, Ordering::SeqCst);
                    for _ in 0..SPINS {
                        if waiting.load(Ordering::SeqCst) == 0 {
                            break;
                        }
                        hint::spin_loop();
                    }
                    calls
                        .iter()
                        .zip(pauses)
                        .map(|(call, time)| make(call, *time, backend))
                        .collect()
                })
            })
            .collect();
        threads.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    let mut programs = Vec::new();
    for thread in joined {
        match thread {
            Ok(made) => programs.push(made),
            Err(panic) => {
                let text = format!("the backend panicked in a race: {}", panic_text(&*panic));
                return Err(Abort::violation("4.no_panic", text));
            }
        }
    }
    Ok(programs)
}

fn make(call: &Call, time: Duration, backend: &dyn VolumeBackend) -> Made {
    pause(time);
    let start = Instant::now();
    let answer = call.make(backend);
    Made { answer, start, end: Instant::now() }
}

/// Shorter pauses do not give up the processor: a sleep takes at least about this time.
const SHORTEST_SLEEP: Duration = Duration::from_micros(100);

fn pause(time: Duration) {
    if time >= SHORTEST_SLEEP {
        thread::sleep(time);
        return;
    }
    let start = Instant::now();
    while start.elapsed() < time {
        hint::spin_loop();
    }
}

/// Draws the pauses before calls.
///
/// A call finds a fault of another call when it comes between two steps of it. So the pauses are
/// about as long as calls take: microseconds for a backend in memory, milliseconds for a remote one.
#[derive(Debug)]
pub(super) struct Pace {
    random: SplitMix64,
    /// The longest time of a call, in each of the last rounds.
    longest: VecDeque<Duration>,
}

/// Number of rounds whose times are kept. A window may be open in a few of them only.
const ROUNDS: usize = 16;
/// No pause is longer, so that a single slow call does not delay many rounds.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

impl Pace {
    pub(super) const fn new(seed: u64) -> Self {
        Self { random: SplitMix64::new(seed), longest: VecDeque::new() }
    }

    /// A pause for each call. Each thread has no pauses, short ones or long ones.
    pub(super) fn pauses(&mut self, programs: &[Vec<Call>]) -> Vec<Vec<Duration>> {
        let of_calls = self.pick().min(LONGEST_PAUSE);
        programs
            .iter()
            .map(|calls| {
                let longest = match self.random.next() % 4 {
                    0 => Duration::ZERO,
                    1 => of_calls / 4,
                    _ => of_calls,
                };
                calls.iter().map(|_| self.up_to(longest)).collect()
            })
            .collect()
    }

    /// Records how long the calls of a round took.
    pub(super) fn learn(&mut self, programs: &[Vec<Made>]) {
        let times = programs.iter().flatten().map(|made| made.end - made.start);
        self.longest.push_back(times.max().unwrap_or_default());
        if self.longest.len() > ROUNDS {
            self.longest.pop_front();
        }
    }

    /// The longest time of a call in one of the last rounds.
    fn pick(&mut self) -> Duration {
        let count = self.longest.len().max(1) as u64;
        let at = usize::try_from(self.random.next() % count).unwrap_or(0);
        self.longest.get(at).copied().unwrap_or_default()
    }

    fn up_to(&mut self, longest: Duration) -> Duration {
        let nanos = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.random.next() % nanos.saturating_add(1).max(1))
    }
}

/// How often a call of one thread started while a call of another was under way, for each two
/// threads in both orders.
#[derive(Debug, Default)]
pub(super) struct Overlaps {
    threads: usize,
    counts: Vec<usize>,
}

impl Overlaps {
    pub(super) fn add(&mut self, programs: &[Vec<Made>]) {
        self.threads = self.threads.max(programs.len());
        self.counts.resize(self.threads * self.threads, 0);
        for (one, calls) in programs.iter().enumerate() {
            for (other, others) in programs.iter().enumerate() {
                let is_met = calls.iter().any(|call| {
                    others.iter().any(|it| call.start <= it.start && it.start < call.end)
                });
                if let (true, Some(count)) =
                    (is_met && one != other, self.counts.get_mut(one * self.threads + other))
                {
                    *count += 1;
                }
            }
        }
    }

    /// Whether each two threads overlapped this often in both orders.
    pub(super) fn is_each(&self, least: usize) -> bool {
        let is_enough = |(at, count): (usize, &usize)| {
            at / self.threads == at % self.threads || *count >= least
        };
        self.counts.iter().enumerate().all(is_enough)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(calls: usize) -> Vec<Vec<Call>> {
        vec![vec![Call::ListVolumes; calls]; 4]
    }

    fn made(start: Instant, from: u64, to: u64) -> Made {
        let at = |millis| start + Duration::from_millis(millis);
        Made { answer: Ok(crate::oracle::call::Value::Nothing), start: at(from), end: at(to) }
    }

    #[test]
    fn pauses_are_as_long_as_the_calls_of_a_recent_round() {
        let start = Instant::now();
        let mut pace = Pace::new(1);
        let longest = |pauses: Vec<Vec<Duration>>| pauses.into_iter().flatten().max().unwrap();
        assert_eq!(longest(pace.pauses(&programs(3))), Duration::ZERO);
        pace.learn(&[vec![made(start, 0, 8)], vec![made(start, 3, 5)]]);
        let pause = longest(pace.pauses(&programs(50)));
        assert!((4..=8).contains(&pause.as_millis()), "{pause:?}");
        for _ in 0..ROUNDS {
            pace.learn(&[vec![made(start, 0, 2)]]);
        }
        let pause = longest(pace.pauses(&programs(50)));
        assert!((1..=2).contains(&pause.as_millis()), "{pause:?}");
        pace.longest.clear();
        pace.learn(&[vec![made(start, 0, 60_000)]]);
        assert!(longest(pace.pauses(&programs(50))) <= LONGEST_PAUSE);
    }

    #[test]
    fn a_seed_gives_the_same_pauses() {
        let pauses = |seed| {
            let mut pace = Pace::new(seed);
            pace.learn(&[vec![made(Instant::now(), 0, 8)]]);
            pace.pauses(&programs(3))
        };
        assert_eq!(pauses(1), pauses(1));
        assert_ne!(pauses(1), pauses(2));
    }

    #[test]
    fn threads_overlap_when_a_call_starts_within_a_call_of_another() {
        let start = Instant::now();
        let mut overlaps = Overlaps::default();
        overlaps.add(&[vec![made(start, 0, 2), made(start, 5, 6)], vec![made(start, 2, 5)]]);
        assert!(!overlaps.is_each(1));
        overlaps.add(&[vec![made(start, 0, 2)], vec![made(start, 1, 3)]]);
        assert!(!overlaps.is_each(1), "in one order only");
        overlaps.add(&[vec![made(start, 2, 3)], vec![made(start, 1, 3)]]);
        assert!(overlaps.is_each(1) && !overlaps.is_each(2));
    }
}
