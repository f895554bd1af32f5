//! Names for guards with so many slots, `S` of functions and `T` of tasks. A number among generic arguments is an item with a body to
//! the compiler: as expensive as the rest of a guard together.

use super::guard::Guard;

macro_rules! sizes {
    ($($function:ident $task:ident $slots:literal,)+) => {$(
        pub type $function = Guard<$slots, false>;
        pub type $task = Guard<$slots, true>;
    )+};
}

sizes! {
    S0 T0 0, S1 T1 1, S2 T2 2, S3 T3 3, S4 T4 4, S5 T5 5, S6 T6 6, S7 T7 7, S8 T8 8, S9 T9 9, S10 T10 10,
    S11 T11 11, S12 T12 12, S13 T13 13, S14 T14 14, S15 T15 15, S16 T16 16, S17 T17 17, S18 T18 18,
    S19 T19 19, S20 T20 20, S21 T21 21, S22 T22 22, S23 T23 23, S24 T24 24, S25 T25 25, S26 T26 26,
    S27 T27 27, S28 T28 28, S29 T29 29, S30 T30 30, S31 T31 31, S32 T32 32, S33 T33 33, S34 T34 34,
    S35 T35 35, S36 T36 36, S37 T37 37, S38 T38 38, S39 T39 39, S40 T40 40, S41 T41 41, S42 T42 42,
    S43 T43 43, S44 T44 44, S45 T45 45, S46 T46 46, S47 T47 47, S48 T48 48, S49 T49 49, S50 T50 50,
    S51 T51 51, S52 T52 52, S53 T53 53, S54 T54 54, S55 T55 55, S56 T56 56, S57 T57 57, S58 T58 58,
    S59 T59 59, S60 T60 60, S61 T61 61, S62 T62 62, S63 T63 63, S64 T64 64,
}
