//! The macros that turn the list of cases into a table and into tests.
//!
//! Each theme lists its cases once, with [`cases!`]; the parent module lists the themes once, with
//! [`themes!`]. Each of the two also exports a macro that passes its names on to a callback, and
//! [`conformance_tests!`](crate::conformance_tests) is such a callback.

/// Makes a `#[test]` for every case. The expression makes a new backend for each. A case that does
/// not apply to the backend passes and prints the reason.
///
/// ```
/// # use nessie_backend_mem::MemBackend as MyBackend;
/// #[cfg(test)]
/// nessie_backend_conformance::conformance_tests!(MyBackend::new());
/// # fn main() {}
/// ```
///
/// The tests are in a module `conformance`, with a module for each theme: `cargo test
/// conformance::create_volume` runs one theme. To test several backends, put each call into a
/// module of its own.
#[macro_export]
macro_rules! conformance_tests {
    ($make:expr $(,)?) => {
        mod conformance {
            #[allow(unused_imports, reason = "the expression may use imports of the parent")]
            use super::*;

            $crate::__for_each_theme!([$crate::__conformance_test!] $make);
        }
    };
}

/// Makes a module for a theme, with a test for each of its cases.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_test {
    ($make:expr; $theme:ident: $($case:ident)+) => {
        mod $theme {
            #[allow(unused_imports, reason = "the expression may use imports of the parent")]
            use super::*;

            $(#[test]
            fn $case() {
                let name = concat!(stringify!($theme), ".", stringify!($case));
                $crate::run_case(name, &$make);
            })+
        }
    };
}

/// Lists the cases of a theme: the doc comment is the summary; then come the function, the tier,
/// the optional operations it needs, and the rules it checks. The name of a case is the theme, a
/// dot, and the function.
///
/// Exports a macro of the given name, which passes the theme and its functions to a callback.
macro_rules! cases {
    ($theme:ident, $list:ident: $(
        $(#[doc = $summary:literal])+
        $body:ident: $tier:ident $([$($feature:ident),+])?, $($rule:literal)+;
    )+) => {
        pub(super) const CASES: &[$crate::case::Case] = &[$($crate::case::Case {
            name: concat!(stringify!($theme), ".", stringify!($body)),
            tier: $crate::Tier::$tier,
            needs: &[$($($crate::Feature::$feature),+)?],
            rules: &[$($rule),+],
            summary: concat!($($summary),+),
            body: $body,
        }),+];

        $crate::cases::macros::export_list!(($) $list $theme: $($body)+);
    };
}

/// Lists the themes, in the order in which they run, with the macro that each exports.
///
/// Exports `__for_each_theme!`, which calls each of these macros.
macro_rules! themes {
    ($($theme:ident: $list:ident,)+) => {
        const THEMES: &[&[Case]] = &[$($theme::CASES),+];

        $crate::cases::macros::export_themes!(($) $($list)+);
    };
}

/// Exports `$list!([callback!] argument)`. The token `$` is passed in: a macro cannot write it into
/// another.
macro_rules! export_list {
    (($d:tt) $list:ident $theme:ident: $($body:ident)+) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! $list {
            ([$d($d callback:tt)+] $d argument:expr) => {
                $d($d callback)+ { $d argument; $theme: $($body)+ }
            };
        }
    };
}

/// Exports `__for_each_theme!([callback!] argument)`.
macro_rules! export_themes {
    (($d:tt) $($list:ident)+) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __for_each_theme {
            ([$d($d callback:tt)+] $d argument:expr) => {
                $($crate::$list! { [$d($d callback)+] $d argument })+
            };
        }
    };
}

pub(crate) use {cases, export_list, export_themes, themes};
