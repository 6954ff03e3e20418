-- name: setting_clear
DELETE FROM setting WHERE organisation = $1;
SELECT 1;
