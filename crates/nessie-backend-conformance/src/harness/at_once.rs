//! Runs programs concurrently: a list of calls for each thread, with a pause before each call.

use std::collections::VecDeque;
use std::hint;
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

/// When the calls of a round are made.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// The programs in the order in which their threads are started: the last one has an advantage.
    order: Vec<usize>,
    /// The pause before each call of each program.
    pauses: Vec<Vec<Duration>>,
}

/// How long a thread waits for the others to start without giving up the processor, and at all.
const LONGEST_SPIN: Duration = Duration::from_micros(10);
const LONGEST_WAIT: Duration = Duration::from_millis(20);

/// Runs each list of calls in its own thread, all starting together.
pub(super) fn run_at_once(
    programs: &[Vec<Call>],
    plan: &Plan,
    backend: &dyn VolumeBackend,
) -> CaseResult<Vec<Vec<Made>>> {
    let waiting = AtomicUsize::new(programs.len());
    let mut joined: Vec<(usize, thread::Result<Vec<Made>>)> = thread::scope(|scope| {
        let start = |at: usize| {
            let (calls, pauses) = (programs.get(at)?, plan.pauses.get(at)?);
            let waiting = &waiting;
            let thread = scope.spawn(move || {
                wait_for_all(waiting);
                calls.iter().zip(pauses).map(|(call, time)| make(call, *time, backend)).collect()
            });
            Some((at, thread))
        };
        let threads: Vec<_> = plan.order.iter().copied().filter_map(start).collect();
        threads.into_iter().map(|(at, thread)| (at, thread.join())).collect()
    });
    joined.sort_by_key(|(at, _)| *at);
    let mut programs = Vec::new();
    for (_, thread) in joined {
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

/// Waits until every thread is here. A thread that slept would be woken too late for short calls.
fn wait_for_all(waiting: &AtomicUsize) {
    waiting.fetch_sub(1, Ordering::SeqCst);
    let start = Instant::now();
    while waiting.load(Ordering::SeqCst) > 0 && start.elapsed() < LONGEST_WAIT {
        if start.elapsed() < LONGEST_SPIN {
            hint::spin_loop();
        } else {
            thread::yield_now();
        }
    }
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

/// Draws the order of the threads, and the pauses before calls.
///
/// A call finds a fault of another call when it comes between two steps of it. So most pauses are
/// about as long as calls take: microseconds for a backend in memory, milliseconds for a remote one.
#[derive(Debug)]
pub(super) struct Pace {
    random: SplitMix64,
    /// The longest time of a call, in each of the last rounds.
    longest: VecDeque<Duration>,
}

/// The longest pause in one of eight rounds, so that the order of short calls varies too.
const START_PAUSE: Duration = Duration::from_micros(200);
/// Number of rounds whose times are kept. A window may be open in a few of them only.
const ROUNDS: usize = 16;
/// No pause is longer, so that a single slow call does not delay many rounds.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

impl Pace {
    pub(super) const fn new(seed: u64) -> Self {
        Self { random: SplitMix64::new(seed), longest: VecDeque::new() }
    }

    /// A pause for each call. Each thread has no pauses, short ones or long ones.
    pub(super) fn plan(&mut self, programs: &[Vec<Call>]) -> Plan {
        let of_calls = match self.below(8) {
            0 => START_PAUSE,
            _ => self.pick().min(LONGEST_PAUSE),
        };
        let mut pauses = Vec::new();
        for calls in programs {
            let longest = match self.below(4) {
                0 => Duration::ZERO,
                1 => of_calls / 4,
                _ => of_calls,
            };
            pauses.push(calls.iter().map(|_| self.up_to(longest)).collect());
        }
        let mut order: Vec<usize> = (0..programs.len()).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, self.below(at + 1));
        }
        Plan { order, pauses }
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
        let at = self.below(self.longest.len().max(1));
        self.longest.get(at).copied().unwrap_or_default()
    }

    /// A number below `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.random.next() % end as u64).unwrap_or(0)
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

    /// The longest of many pauses.
    fn longest(pace: &mut Pace) -> Duration {
        let plans: Vec<Plan> = (0..100).map(|_| pace.plan(&programs(3))).collect();
        plans.into_iter().flat_map(|plan| plan.pauses).flatten().max().unwrap()
    }

    #[test]
    fn pauses_are_as_long_as_the_calls_of_a_recent_round() {
        let start = Instant::now();
        let mut pace = Pace::new(1);
        assert!((100..=200).contains(&longest(&mut pace).as_micros()));
        pace.learn(&[vec![made(start, 0, 8)], vec![made(start, 3, 5)]]);
        let pause = longest(&mut pace);
        assert!((6..=8).contains(&pause.as_millis()), "{pause:?}");
        for _ in 0..ROUNDS {
            pace.learn(&[vec![made(start, 0, 2)]]);
        }
        let pause = longest(&mut pace);
        assert!((1..=2).contains(&pause.as_millis()), "{pause:?}");
        pace.learn(&[vec![made(start, 0, 60_000)]]);
        assert!(longest(&mut pace) <= LONGEST_PAUSE);
    }

    #[test]
    fn a_seed_gives_the_same_plans() {
        let plans = |seed| {
            let mut pace = Pace::new(seed);
            pace.learn(&[vec![made(Instant::now(), 0, 8)]]);
            [pace.plan(&programs(3)), pace.plan(&programs(3))]
        };
        assert_eq!(plans(1), plans(1));
        assert_ne!(plans(1), plans(2));
    }

    #[test]
    fn every_thread_is_the_last_to_start_in_some_rounds() {
        let mut pace = Pace::new(1);
        let last: Vec<usize> =
            (0..50).map(|_| *pace.plan(&programs(1)).order.last().unwrap()).collect();
        assert!((0..4).all(|at| last.contains(&at)), "{last:?}");
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
