mod event;
mod names;
mod taint;
mod values;
