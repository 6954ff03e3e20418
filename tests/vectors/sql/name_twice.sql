-- name: setting_names
SELECT name
FROM setting
WHERE organisation = $1;

-- name: setting_count
-- exception: the operator counts every organisation
SELECT COUNT(*)
FROM setting;

-- name: setting_names
SELECT value
FROM setting
WHERE organisation = $1;
