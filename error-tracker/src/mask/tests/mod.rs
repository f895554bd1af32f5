mod event;
mod names;
mod shapes;
mod taint;
