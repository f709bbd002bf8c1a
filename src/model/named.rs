//! Enums whose values have a name in files.

/// An enum whose values have a name each.
pub trait Named: Copy + 'static {
    /// Every value.
    const ALL: &'static [Self];

    /// The name in files.
    fn name(self) -> &'static str;

    /// The value of that name.
    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.name() == name)
    }
}

/// Names the values of an enum, for files and for people. The compiler refuses a list that leaves one out.
macro_rules! names {
    ($type:ident { $($value:ident => $name:literal,)+ }) => {
        impl $crate::model::Named for $type {
            const ALL: &'static [Self] = &[$(Self::$value),+];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$value => $name,)+
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str($crate::model::Named::name(*self))
            }
        }
    };
}

pub(crate) use names;
