-- name: setting_names
SELECT name, organisation
FROM setting
WHERE name = $1;
