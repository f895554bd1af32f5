//! An attribute macro that stands below ours in tests.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// Adds a constant `SIGNATURE_OF_..` with the function's signature as this macro was given it. Parameters may carry `#[case]`, which it takes away.
#[proc_macro_attribute]
pub fn signature(_: TokenStream, item: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = item.into_iter().collect();
    let is_brace = |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    let body = tokens.iter().rposition(is_brace).unwrap_or(tokens.len());
    let text = tokens[..body].iter().cloned().collect::<TokenStream>().to_string();
    let name = tokens
        .iter()
        .skip_while(|token| token.to_string() != "fn")
        .nth(1)
        .map(TokenTree::to_string);
    let constant = format!("pub const SIGNATURE_OF_{}: &str = {text:?};", name.unwrap_or_default());
    for token in &mut tokens {
        if let TokenTree::Group(group) = token
            && group.delimiter() == Delimiter::Parenthesis
        {
            *token = Group::new(Delimiter::Parenthesis, without_cases(group.stream())).into();
        }
    }
    let mut made: TokenStream =
        format!("#[allow(non_upper_case_globals, missing_docs, dead_code)] {constant}")
            .parse()
            .unwrap_or_default();
    made.extend(tokens);
    made
}

fn without_cases(parameters: TokenStream) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    for token in parameters {
        if matches!(&token, TokenTree::Group(group) if group.stream().to_string() == "case") {
            kept.pop();
        } else {
            kept.push(token);
        }
    }
    kept.into_iter().collect()
}
