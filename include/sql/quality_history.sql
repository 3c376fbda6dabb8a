-- How the checks went, batch after batch: the score of each dataset, 0 to 100, and which checks did not pass.
-- By hand: as it is.
SELECT
    max(checked_at) AS checked_at,
    batch_id,
    attempt,
    scope,
    dataset,
    round(100 * sum(CASE WHEN outcome = 'pass' THEN weight ELSE 0 END) / sum(weight), 2) AS score,
    count(*) AS checks,
    array_agg(check_name ORDER BY check_name) FILTER (WHERE outcome <> 'pass') AS not_passed
FROM quality_results
GROUP BY batch_id, attempt, scope, dataset
ORDER BY checked_at DESC, batch_id, attempt, scope, dataset
