//! Chooses the object on which each call is made.

use std::cell::Cell;

use crate::feature::Tier;
use crate::oracle::call::Call;
use crate::oracle::route::Route;

/// Draws a route for each call. The same case has the same routes in every run.
#[derive(Debug)]
pub(crate) struct Routes {
    /// The highest tier of the backend.
    highest: Tier,
    turn: Cell<u64>,
    choice: Cell<Choice>,
}

/// The routes of calls that do not have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// A drawn one.
    Drawn,
    /// The direct one, which replaces any other.
    Direct,
    /// For a check, each; for other calls a drawn one.
    Every,
}

impl Routes {
    /// The routes of the case with this number.
    pub(super) fn of_case(number: usize, highest: Tier) -> Self {
        let turn = Cell::new((number as u64) << 32);
        Self { highest, turn, choice: Cell::new(Choice::Drawn) }
    }

    pub(crate) fn set_choice(&self, choice: Choice) {
        self.choice.set(choice);
    }

    /// The routes to every object that has the operation.
    pub(crate) fn all(&self, call: &Call) -> impl Iterator<Item = Route> + use<> {
        Route::to(call.tier(), self.highest)
    }

    /// The route of the next call.
    pub(super) fn next(&self, call: &Call) -> Route {
        let turn = self.turn.replace(self.turn.get().wrapping_add(1));
        self.given(Route::draw(turn, call.tier(), self.highest))
    }

    /// The routes of the next check.
    pub(super) fn of_check(&self, call: &Call) -> Vec<Route> {
        match self.choice.get() {
            Choice::Every => self.all(call).collect(),
            Choice::Drawn | Choice::Direct => vec![self.next(call)],
        }
    }

    /// The route of a call that has one.
    pub(crate) fn given(&self, route: Route) -> Route {
        if self.choice.get() == Choice::Direct { Route::DIRECT } else { route }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_is_drawn_and_a_case_has_the_same_routes_again() {
        let drawn = |highest| {
            let routes = Routes::of_case(3, highest);
            (0..200).map(|_| routes.next(&Call::ListVolumes)).collect::<Vec<_>>()
        };
        for highest in [Tier::Volumes, Tier::Snapshots, Tier::Clones] {
            let of_case = drawn(highest);
            assert!(Route::to(Tier::Volumes, highest).all(|route| of_case.contains(&route)));
            assert_eq!(of_case, drawn(highest));
        }
    }
}
