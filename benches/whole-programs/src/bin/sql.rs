//! Statements of several kinds are parsed and printed.

use sqlparser::ast::Statement;
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::Parser;
use whole_programs::Bencher;

const STATEMENTS: &str = "
    SELECT o.id, count(*) AS lines, sum(l.price * l.pieces) FROM orders AS o
        JOIN lines AS l ON l.order_id = o.id LEFT JOIN customers c USING (customer_id)
        WHERE o.placed BETWEEN '2026-01-01' AND '2026-02-01' AND c.country IN ('DE', 'FR') AND NOT l.returned
        GROUP BY o.id HAVING sum(l.price) > 100 ORDER BY 3 DESC NULLS LAST LIMIT 20 OFFSET 40;
    WITH RECURSIVE tree AS (SELECT id, parent FROM nodes WHERE parent IS NULL UNION ALL
        SELECT n.id, n.parent FROM nodes n JOIN tree t ON n.parent = t.id)
        SELECT CASE WHEN parent IS NULL THEN 'root' ELSE 'leaf' END, CAST(id AS BIGINT) FROM tree;
    INSERT INTO lines (order_id, sku, pieces) VALUES (1, 'KETTLE-17', 3), (2, 'MUG-2', -1), (3, NULL, 7);
    UPDATE orders SET state = 'sent', sent = now() WHERE id = 17 AND state <> 'sent';
    CREATE TABLE IF NOT EXISTS orders (id BIGINT PRIMARY KEY, placed TIMESTAMP NOT NULL DEFAULT now(),
        state VARCHAR(12) CHECK (state IN ('new', 'sent')), total DECIMAL(10, 2));
    DELETE FROM orders WHERE placed < '2020-01-01';";

fn statements(text: &str) -> Vec<Statement> {
    Parser::parse_sql(&GenericDialect {}, text).expect("they are well-formed")
}

fn parse(b: &mut Bencher) {
    let text = STATEMENTS.repeat(50);
    b.iter(|| statements(&text));
}

fn print(b: &mut Bencher) {
    let statements = statements(&STATEMENTS.repeat(50));
    b.iter(|| statements.iter().map(|statement| statement.to_string().len()).sum::<usize>());
}

fn main() {
    whole_programs::main(&[("statements_parse", parse), ("statements_print", print)]);
}
