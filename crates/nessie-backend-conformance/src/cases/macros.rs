//! The macro that turns the list of cases of a theme into a table.

/// Lists the cases of a theme: the doc comment is the summary; then follow the function, the tier,
/// the optional operations it needs, and the rules it checks. The name of a case is the theme, a
/// dot, and the function.
macro_rules! cases {
    ($theme:ident: $(
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
    };
}

pub(crate) use cases;
